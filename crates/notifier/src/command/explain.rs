//! `explain`: the two records, the arithmetic, the rule, the decision, and what was sent when.

use super::{Exit, Explain, Project, columns, say, texts};
use crate::amount::{Amount, percent};
use crate::detect::{Judged, judge};
use crate::letter::{date, many, value};
use crate::plain::{NAME, plain};
use crate::rule::{Measure, Rule};
use crate::source::Names;
use crate::{Error, Result};
use chrono::NaiveDate;
use std::io::Write;
use warehouse::{Session, get};

pub(super) async fn explain(
    explain: &Explain,
    project: &Project<'_>,
    out: &mut (dyn Write + Send),
) -> Result<Exit> {
    let session = project.warehouse.session().await?;
    let organization = &explain.organization;
    let mut known = false;
    for rule in &project.rules {
        let day = match explain.date {
            Some(day) => Some(day),
            None => newest_day(&session, rule, organization).await?,
        };
        let Some(day) = day else { continue };
        known = true;
        let before = day.pred_opt().unwrap_or(day);
        let judged = judge(&session, rule, (before, day), Some(organization), false).await?;
        match judged.first() {
            Some(judged) => records(rule, judged, out)?,
            None => {
                let name = plain(organization, NAME);
                say(out, &format!("{name}  rule {}\n\n  no record of {}", rule.id, date(day)))?;
                if let Some(last) = newest_day(&session, rule, organization).await? {
                    say(out, &format!("  its newest record is of {}", date(last)))?;
                }
                if rule.freshness.missing_days > 0 {
                    let days = many(usize::from(rule.freshness.missing_days), "day");
                    say(
                        out,
                        &format!("\n  decision   counted as missing; an alert after {days} without a record"),
                    )?;
                }
            }
        }
        history(rule, organization, day, project, out).await?;
    }
    if known {
        Ok(Exit::Done)
    } else {
        Err(Error::NotFound { what: format!("a record of organization `{}`", plain(organization, NAME)) })
    }
}

async fn newest_day(session: &Session, rule: &Rule, organization: &str) -> Result<Option<NaiveDate>> {
    let names = Names::read(session, rule).await?;
    let sql = format!(
        "select max(({date})::date) from {relation} where ({key})::text = $1",
        date = names.date,
        relation = names.relation,
        key = names.key
    );
    Ok(get(&session.query_one(&sql, &[&organization]).await?, 0)?)
}

fn records(rule: &Rule, judged: &Judged, out: &mut (dyn Write + Send)) -> Result<()> {
    let id = plain(&judged.organization, NAME);
    let name = judged.label.as_deref().map(|label| plain(label, NAME)).filter(|name| *name != id);
    let who = name.map_or_else(|| id.clone(), |name| format!("{name} ({id})"));
    say(out, &format!("{who}  rule {}\n", rule.id))?;
    let unit = |currency: &Option<String>| currency.clone().unwrap_or_default();
    let mut rows = Vec::new();
    if let Some(base_date) = judged.base_date {
        let gap = (judged.record_date - base_date).num_days();
        let gap = if gap > 1 { format!(", {gap} days before") } else { String::new() };
        let base = format!("{} {}", value(judged.base_value.as_ref()), unit(&judged.base_currency));
        rows.push(vec![
            date(base_date),
            base.trim().to_owned(),
            format!("baseline: its last valid record before{gap}"),
        ]);
    }
    let current = format!("{} {}", value(judged.value.as_ref()), unit(&judged.currency));
    rows.push(vec![date(judged.record_date), current.trim().to_owned(), "the record".to_owned()]);
    for line in columns(&["", "", ""], &rows).into_iter().skip(1) {
        say(out, &format!("  {line}"))?;
    }
    say(out, "")?;
    for line in arithmetic(rule, judged) {
        say(out, &format!("  {line}"))?;
    }
    Ok(())
}

fn arithmetic(rule: &Rule, judged: &Judged) -> Vec<String> {
    let pretty = |amount: &Option<Amount>| amount.as_ref().map(Amount::pretty).unwrap_or_default();
    let mut lines = Vec::new();
    if let (Some(difference), Some(needed), false) =
        (&judged.difference, &judged.needed, judged.reason == "currency_changed")
    {
        let of = match rule.judgement.measure {
            Measure::Previous => "the baseline",
            Measure::SymmetricMax => "the larger of both",
        };
        let fraction = judged.threshold.as_str().parse::<crate::measure::Threshold>();
        let threshold =
            fraction.map_or_else(|_| judged.threshold.to_string(), |one| format!("{}%", one.percent()));
        let segment =
            judged.segment.as_ref().map(|segment| format!(", segment {segment}")).unwrap_or_default();
        lines.push(format!(
            "moved by   |{} - {}| = {}",
            pretty(&judged.value),
            pretty(&judged.base_value),
            difference.pretty()
        ));
        lines.push(format!(
            "needed     {threshold} of {of}, |{}| = {}{segment}",
            pretty(&judged.reference),
            needed.pretty()
        ));
        if !rule.judgement.min_abs_change.is_zero() {
            lines.push(format!("floor      {}", judged.floor.pretty()));
        }
    }
    let change = judged.change_percent.as_deref().map(percent).unwrap_or_default();
    let kind = judged.kind.as_deref().unwrap_or_default().replace('_', " ");
    lines.push(format!(
        "decision   {}",
        match judged.reason.as_str() {
            "moved" if change.is_empty() =>
                format!("ALERT: any change from zero is more than any percentage ({kind})"),
            "moved" => format!(
                "ALERT: {} is {} or more ({kind}, {change})",
                pretty(&judged.difference),
                pretty(&judged.needed)
            ),
            "unchanged" => "no alert: the value is the same".to_owned(),
            "below_threshold" => format!(
                "no alert: {} is less than {} ({change})",
                pretty(&judged.difference),
                pretty(&judged.needed)
            ),
            "below_floor" => format!(
                "no alert: {} is below the floor of {} ({change})",
                pretty(&judged.difference),
                judged.floor.pretty()
            ),
            "first_record" => "no alert: there is no earlier valid record to compare with".to_owned(),
            "bad_data" => "DATA ALERT: the value is missing or no finite number".to_owned(),
            "currency_changed" =>
                "DATA ALERT: the currencies differ, a percentage would mean nothing".to_owned(),
            other => other.to_owned(),
        }
    ));
    lines
}

/// What was found, silenced and sent.
async fn history(
    rule: &Rule,
    organization: &str,
    day: NaiveDate,
    project: &Project<'_>,
    out: &mut (dyn Write + Send),
) -> Result<()> {
    let zone = project.policy.timezone.name();
    let found =
        texts(project, include_str!("../sql/explain_findings.sql"), &[&rule.id, &organization, &day, &zone])
            .await?;
    let sent =
        texts(project, include_str!("../sql/explain_messages.sql"), &[&rule.id, &organization, &day, &zone])
            .await?;
    if found.is_empty() {
        let run = texts(project, include_str!("../sql/explain_run.sql"), &[&rule.id, &day, &zone]).await?;
        let words = run.into_iter().flatten().next().filter(|at| !at.is_empty()).map_or_else(
            || "this day was never evaluated".to_owned(),
            |at| format!("evaluated, last on {at}; nothing was found"),
        );
        say(out, &format!("\n  {words}"))?;
        return Ok(());
    }
    say(out, "\nwhat was found")?;
    for line in columns(&["revision", "outcome", "on", "incident", "told"], &found) {
        say(out, &format!("  {line}"))?;
    }
    if !sent.is_empty() {
        say(out, "\nwhat was sent")?;
        for line in columns(&["message", "state", "kind", "channel", "recipient", "at", "reply"], &sent) {
            say(out, &format!("  {line}"))?;
        }
    }
    Ok(())
}
