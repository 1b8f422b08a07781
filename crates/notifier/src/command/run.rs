//! `check`, `eval`, `send`, `watch`.

use super::{Check, Eval, Exit, Project, SendDue, Watch, columns, say};
use crate::amount::{Amount, count, percent};
use crate::deliver::{DeliveryReport, Sending, deliver};
use crate::detect::Judged;
use crate::evaluate::{Evaluation, EvaluationReport, RuleStatus, evaluate};
use crate::letter::{many, value};
use crate::measure::Span;
use crate::outbox::Planned;
use crate::pipeline;
use crate::{Error, Result, detect, operate, remind};
use chrono::NaiveDate;
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::Duration;
use warehouse::{Session, get};

/// Contents of messages are kept for that long.
const KEPT: Span = Span::hours(30 * 24);

pub(super) async fn check(
    check: &Check,
    project: &Project<'_>,
    out: &mut (dyn Write + Send),
) -> Result<Exit> {
    let as_of = match check.as_of {
        Some(as_of) => as_of,
        None => project.today().await?,
    };
    let evaluated = evaluate_all(project, evaluation(as_of, check.wait), None, out).await?;
    let sent = send(&SendDue::default(), project, out).await?;
    operate::purge(KEPT, project.warehouse, None).await?;
    beat(project).await?;
    Ok(match (evaluated, sent) {
        (Exit::Done, sent) => sent,
        (Exit::Alerted, sent) if check.fail_on_alert && sent == Exit::Done => Exit::Alerted,
        (Exit::Alerted, sent) => sent,
        (evaluated, _) => evaluated,
    })
}

pub(super) async fn eval(eval: &Eval, project: &Project<'_>, out: &mut (dyn Write + Send)) -> Result<Exit> {
    let as_of = match eval.as_of {
        Some(as_of) => as_of,
        None => project.today().await?,
    };
    let evaluation = Evaluation { since: eval.since, dry_run: eval.dry_run, ..evaluation(as_of, eval.wait) };
    let exit = evaluate_all(project, evaluation, eval.rule.as_deref(), out).await?;
    Ok(if exit == Exit::Alerted && !eval.fail_on_alert { Exit::Done } else { exit })
}

/// The evaluation of that date, with so much patience.
fn evaluation(as_of: NaiveDate, wait: Option<u64>) -> Evaluation {
    let evaluation = Evaluation::of(as_of);
    Evaluation { patience: wait.map_or(evaluation.patience, Duration::from_secs), ..evaluation }
}

/// Evaluates on data that can be trusted; on other data it says what failed.
async fn evaluate_all(
    project: &Project<'_>,
    evaluation: Evaluation,
    rule: Option<&str>,
    out: &mut (dyn Write + Send),
) -> Result<Exit> {
    let rules = project.rules(rule)?;
    if rules.is_empty() {
        return say(out, "no exposure has a rule under `config.meta.alert`");
    }
    let failing = project.failing.as_ref();
    let failure = project
        .results
        .and_then(|results| pipeline::failures(project.manifest, results, failing, &rules, evaluation.as_of));
    if let Some(failure) = failure {
        for one in &failure.failures {
            say(out, &format!("failed: {} {}", one.what, one.node))?;
        }
        if !evaluation.dry_run {
            pipeline::report_failure(&failure, &project.policy, project.warehouse, project.events).await?;
        }
        say(out, "nothing was evaluated: the last run of what the rules watch failed")?;
        return Ok(Exit::Failed);
    }
    let report = evaluate(&rules, &project.policy, evaluation, project.warehouse, project.events).await?;
    if !evaluation.dry_run {
        let reminders =
            remind(&rules, &project.policy, project.warehouse, evaluation.as_of, evaluation.now).await?;
        for message in reminders {
            let Planned { recipient, channel, subject, .. } = message;
            say(out, &format!("nobody acknowledged: to {recipient} by {channel}: {subject}"))?;
        }
    }
    if evaluation.dry_run {
        findings(project, &rules, evaluation, out).await?;
    }
    tell(&report, evaluation.as_of, evaluation.dry_run, out)
}

/// The findings of a dry run, one a line.
async fn findings(
    project: &Project<'_>,
    rules: &[crate::Rule],
    evaluation: Evaluation,
    out: &mut (dyn Write + Send),
) -> Result<()> {
    let session = project.warehouse.session().await?;
    for rule in rules {
        let day_before = evaluation.as_of.pred_opt().unwrap_or(evaluation.as_of);
        let since = evaluation.since.unwrap_or(day_before);
        let found = detect::judge(&session, rule, (since, evaluation.as_of), None, true).await?;
        let known = known(&session, rule, since).await?;
        let rows: Vec<Vec<String>> = found
            .iter()
            .map(|one| {
                vec![
                    one.record_date.to_string(),
                    crate::plain::plain(&one.organization, 40),
                    one.kind.clone().unwrap_or_else(|| one.outcome.clone()),
                    value(one.base_value.as_ref()),
                    value(one.value.as_ref()),
                    one.change_percent.as_deref().map(percent).unwrap_or_default(),
                    if known.contains(&Known::of(one)) { "known" } else { "new" }.to_owned(),
                ]
            })
            .collect();
        if !rows.is_empty() {
            for line in columns(&["date", "organization", "kind", "from", "to", "change", ""], &rows) {
                say(out, &line)?;
            }
        }
    }
    Ok(())
}

/// A finding that an evaluation has written down: its organization, day, baseline and value.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Known(String, NaiveDate, Option<Amount>, Option<Amount>);

impl Known {
    fn of(one: &Judged) -> Self {
        Self(one.organization.clone(), one.record_date, one.base_value.clone(), one.value.clone())
    }
}

/// What was found before and still holds.
async fn known(session: &Session, rule: &crate::Rule, since: NaiveDate) -> Result<BTreeSet<Known>> {
    let rows = session.query(include_str!("../sql/known_findings.sql"), &[&rule.id, &since]).await?;
    let amount = |row, index| Ok::<_, Error>(get::<Option<String>>(row, index)?.map(Amount::new));
    rows.iter().map(|row| Ok(Known(get(row, 0)?, get(row, 1)?, amount(row, 2)?, amount(row, 3)?))).collect()
}

fn number_of(number: i64, noun: &str) -> String {
    many(usize::try_from(number).unwrap_or(0), noun)
}

fn tell(
    report: &EvaluationReport,
    as_of: NaiveDate,
    dry_run: bool,
    out: &mut (dyn Write + Send),
) -> Result<Exit> {
    let mut exit = Exit::Done;
    let would = if dry_run { "would be written" } else { "written" };
    for rule in &report.rules {
        match rule.status {
            RuleStatus::Stale => {
                say(out, &format!("{}: no record of {as_of}: the data is missing", rule.rule))?;
                exit = Exit::Stale;
            }
            RuleStatus::Waiting => {
                say(out, &format!("{}: no record of {as_of} yet, and none is due", rule.rule))?;
            }
            RuleStatus::Evaluated => {
                let mut words = format!(
                    "{}: {} checked, {}",
                    rule.rule,
                    count(rule.checked),
                    number_of(rule.alerts, "new alert")
                );
                for (number, name) in [
                    (rule.bad_data, if rule.bad_data == 1 { "unusable record" } else { "unusable records" }),
                    (rule.missing, "without a record"),
                    (rule.withdrawn, "taken back"),
                    (rule.silenced, "silenced"),
                    (rule.silent, "on record only, since this is the first run"),
                ] {
                    if number > 0 {
                        words.push_str(&format!(", {} {name}", count(number)));
                    }
                }
                say(out, &format!("{words}; {} {would}", many(rule.messages.len(), "message")))?;
                if rule.alerts > 0 && exit == Exit::Done {
                    exit = Exit::Alerted;
                }
            }
        }
        for message in &rule.messages {
            // What a scheduler's log keeps names nobody; `list outbox` does.
            let about = match message.kind.as_str() {
                "thread" => format!("message {}, about one customer", message.id),
                _ => message.subject.clone(),
            };
            say(out, &format!("  to {} by {}: {about}", message.recipient, message.channel))?;
        }
    }
    Ok(exit)
}

pub(super) async fn send(
    send: &SendDue,
    project: &Project<'_>,
    out: &mut (dyn Write + Send),
) -> Result<Exit> {
    let mut total = DeliveryReport::default();
    loop {
        let sending = Sending {
            limit: send.limit.map(|limit| limit.saturating_sub(total.sent)),
            now: None,
            worker: format!("{}:{}", hostname(), std::process::id()),
            stop: project.stop,
            environment: project.environment,
            console: project.console.clone(),
        };
        let report = deliver(&project.policy, &sending, project.warehouse, project.events).await?;
        let sent = total.sent + report.sent;
        total = DeliveryReport { sent, ..report };
        let full = send.limit.is_some_and(|limit| total.sent >= limit);
        if !send.until_empty || full || total.waiting == 0 || project.stop.load(Ordering::Acquire) {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let mut words = format!("{} sent", total.sent);
    for (number, name) in
        [(total.waiting, "waiting"), (total.dead_in_all, "dead (list them with: list dead)")]
    {
        if number > 0 {
            words.push_str(&format!(", {number} {name}"));
        }
    }
    say(out, &words)?;
    for problem in &total.problems {
        say(out, problem)?;
    }
    Ok(if total.is_clean() { Exit::Done } else { Exit::Undelivered })
}

pub(super) async fn watch(
    watch: &Watch,
    project: &Project<'_>,
    out: &mut (dyn Write + Send),
) -> Result<Exit> {
    let pause = watch.every.delta().to_std().unwrap_or(Duration::from_mins(1));
    loop {
        // One failed round is told, and the next one tries again.
        let exit = match check(&Check::default(), project, out).await {
            Ok(exit) => exit,
            Err(problem @ (Error::Settings(_) | Error::Template { .. })) => return Err(problem),
            Err(problem) => {
                say(out, &format!("failed to {problem}"))?;
                Exit::of(&problem)
            }
        };
        let started = std::time::Instant::now();
        while started.elapsed() < pause {
            if project.stop.load(Ordering::Acquire) {
                return Ok(exit);
            }
            tokio::time::sleep(Duration::from_millis(200).min(pause)).await;
        }
    }
}

/// A sign of life, for whoever watches the watcher.
async fn beat(project: &Project<'_>) -> Result<()> {
    let session = project.warehouse.get().await?;
    session
        .execute(
            "insert into alerting.heartbeat (component, at) values ('notifier', now())
             on conflict (component) do update set at = excluded.at",
            &[],
        )
        .await?;
    Ok(())
}

fn hostname() -> String {
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    match name.trim() {
        "" => "localhost".to_owned(),
        name => crate::plain::plain(name, 60),
    }
}
