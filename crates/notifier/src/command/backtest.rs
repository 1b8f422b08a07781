//! `backtest`: how many alerts a rule would have sent.

use super::{Backtest, Exit, Project, columns, say};
use crate::detect::judge;
use crate::letter::many;
use crate::measure::Threshold;
use crate::rule::Rule;
use crate::{Error, Result};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

pub(super) async fn backtest(
    backtest: &Backtest,
    project: &Project<'_>,
    out: &mut (dyn Write + Send),
) -> Result<Exit> {
    let to = match backtest.to {
        Some(to) => to,
        None => project.today().await?,
    };
    let before = backtest.from.pred_opt().unwrap_or(backtest.from);
    let session = project.warehouse.session().await?;
    for mut rule in project.rules(backtest.rule.as_deref())? {
        if let Some(threshold) = &backtest.threshold {
            let parsed: std::result::Result<Threshold, String> = threshold.parse();
            rule.judgement.threshold =
                parsed.map_err(|problem| Error::NotFound { what: format!("a threshold: {problem}") })?;
        }
        let judged = judge(&session, &rule, (before, to), None, false).await?;
        let mut days: BTreeMap<NaiveDate, Day<'_>> = BTreeMap::new();
        for one in &judged {
            let day = days.entry(one.record_date).or_default();
            day.checked += 1;
            match one.outcome.as_str() {
                "alert" => {
                    day.alerts.insert(&one.organization);
                }
                "ok" => {}
                _ => day.other += 1,
            }
        }
        say(
            out,
            &format!(
                "{} at {}%, over the records as they are today:",
                rule.id,
                rule.judgement.threshold.percent()
            ),
        )?;
        let rows: Vec<Vec<String>> = days
            .iter()
            .map(|(day, found)| {
                let message = if found.alerts.is_empty() && found.other == 0 {
                    ""
                } else if is_mass(&rule, found) {
                    "mass change"
                } else {
                    "digest"
                };
                vec![
                    day.to_string(),
                    found.checked.to_string(),
                    found.alerts.len().to_string(),
                    found.other.to_string(),
                    message.to_owned(),
                ]
            })
            .collect();
        for line in columns(&["date", "checked", "alerts", "other", "message"], &rows) {
            say(out, &format!("  {line}"))?;
        }
        let alerts: usize = days.values().map(|day| day.alerts.len()).sum();
        let messages = rows.iter().filter(|row| !row[4].is_empty()).count();
        say(
            out,
            &format!(
                "  {} in {}, {} for each recipient",
                many(alerts, "alert"),
                many(days.len(), "day"),
                many(messages, "message")
            ),
        )?;
    }
    Ok(Exit::Done)
}

#[derive(Default)]
struct Day<'a> {
    checked: usize,
    alerts: BTreeSet<&'a str>,
    other: usize,
}

fn is_mass(rule: &Rule, day: &Day<'_>) -> bool {
    let number = day.alerts.len() + day.other;
    let mass = &rule.mass_change;
    let share = rust_decimal::Decimal::from(day.checked) * mass.ratio.fraction();
    number > mass.hard_cap as usize
        || (number >= mass.min_count as usize && rust_decimal::Decimal::from(number) >= share)
}
