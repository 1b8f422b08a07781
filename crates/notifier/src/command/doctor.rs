//! `doctor`: what is set up wrongly, before it matters.

use super::{Exit, Project, say};
use crate::channel;
use crate::deliver::refuse_pooler;
use crate::letter::{self, many};
use crate::mail::Templates;
use crate::policy::ChannelKind;
use crate::source::Names;
use crate::{Error, Result, schema};
use chrono::Utc;
use std::io::Write;
use std::path::Path;
use warehouse::{Session, get};

/// One finding.
enum Verdict {
    Good(String),
    Odd(String),
    Bad(String),
}
use Verdict::{Bad, Good, Odd};

pub(super) async fn doctor(project: &Project<'_>, out: &mut (dyn Write + Send)) -> Result<Exit> {
    let mut verdicts: Vec<Verdict> = settings(project);
    verdicts.extend(channels(project));
    verdicts.extend(templates(project));
    match project.warehouse.session().await {
        Ok(session) => verdicts.extend(database(project, &session).await),
        Err(problem) => verdicts.push(Bad(format!("database: {problem}"))),
    }
    let mut exit = Exit::Done;
    for verdict in &verdicts {
        match verdict {
            Good(words) => say(out, &format!("ok    {words}"))?,
            Odd(words) => say(out, &format!("warn  {words}"))?,
            Bad(words) => {
                exit = Exit::Usage;
                say(out, &format!("FAIL  {words}"))?
            }
        };
    }
    Ok(exit)
}

fn settings(project: &Project<'_>) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> =
        project.problems.iter().map(|problem| Bad(problem.to_string())).collect();
    if verdicts.is_empty() {
        verdicts.push(match project.rules.len() {
            0 => Odd("no exposure has a rule under `config.meta.alert`: nothing is watched".to_owned()),
            number => Good(format!(
                "settings: {}, {}",
                many(number, "rule"),
                many(project.policy.routes.len(), "route")
            )),
        });
    }
    for (name, channel) in &project.policy.channels {
        let used = project.policy.routes.iter().any(|route| route.to.contains(name))
            || project.policy.escalate.iter().any(|escalate| escalate.to.contains(name))
            || project.policy.channels.values().any(|other| other.fallback.as_ref() == Some(name));
        if !used {
            verdicts.push(Odd(format!("channel `{name}` is used by no route")));
        } else if channel.fallback.is_none() && matches!(channel.kind, ChannelKind::Smtp(_)) {
            verdicts.push(Odd(format!("channel `{name}` has no fallback: if it fails, people hear nothing")));
        }
    }
    verdicts
}

fn channels(project: &Project<'_>) -> Vec<Verdict> {
    let used = |name: &str| project.policy.routes.iter().any(|route| route.to.iter().any(|to| to == name));
    let (open, problems) = channel::open_all(&project.policy, project.environment, &project.console);
    let mut verdicts = Vec::new();
    for name in open.keys() {
        let kind = project.policy.channels.get(name).map(|channel| &channel.kind);
        verdicts.push(match kind {
            Some(ChannelKind::File { dir, .. }) => match writable(dir) {
                Ok(()) => Good(format!("channel `{name}`")),
                Err(problem) => {
                    let words = format!(
                        "channel `{name}` writes into {}, which fails: {problem}; give its user the right to, or \
                         name another folder",
                        dir.display()
                    );
                    if used(name) { Bad(words) } else { Odd(words) }
                }
            },
            _ => Good(format!("channel `{name}`")),
        });
    }
    for problem in problems {
        let name =
            if let Error::Channel { channel, .. } = &problem { channel.clone() } else { String::new() };
        let words = problem.to_string();
        verdicts.push(if used(&name) { Bad(words) } else { Odd(words) });
    }
    verdicts
}

/// Whether files can be written there: in the folder, or in the nearest one above it that is there already.
fn writable(dir: &Path) -> std::io::Result<()> {
    let near = dir.ancestors().find(|place| place.as_os_str().is_empty() || place.exists());
    let near = near.filter(|place| !place.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let probe = near.join(format!(".dp-doctor.{}", std::process::id()));
    std::fs::write(&probe, b"")?;
    std::fs::remove_file(&probe)
}

fn templates(project: &Project<'_>) -> Vec<Verdict> {
    let Some(rule) = project.rules.first() else { return Vec::new() };
    let templates = match Templates::read(&project.policy) {
        Ok(templates) => templates,
        Err(problem) => return vec![Bad(problem.to_string())],
    };
    let samples = letter::samples(rule, &project.policy, Utc::now());
    let broken: Vec<Verdict> = samples
        .iter()
        .filter_map(|letter| templates.check(letter).err())
        .map(|problem| Bad(problem.to_string()))
        .collect();
    if broken.is_empty() {
        vec![Good(format!("templates: {} kinds of message", samples.len()))]
    } else {
        broken
    }
}

async fn database(project: &Project<'_>, session: &Session) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    match schema::prepare(project.warehouse).await {
        Ok(()) => verdicts.push(Good("database: schema `alerting` is current".to_owned())),
        Err(problem) => return vec![Bad(problem.to_string())],
    }
    verdicts.push(match refuse_pooler(session, project.warehouse).await {
        Ok(()) => Good("database: sessions are ours alone".to_owned()),
        Err(problem) => Bad(problem.to_string()),
    });
    for rule in &project.rules {
        verdicts.push(match Names::read(session, rule).await {
            Ok(_) => Good(format!("rule `{}`: {} has what it names", rule.id, rule.source.relation)),
            Err(problem) => Bad(problem.to_string()),
        });
    }
    verdicts.extend(state(session).await.unwrap_or_else(|problem| vec![Bad(problem.to_string())]));
    verdicts
}

async fn state(session: &Session) -> Result<Vec<Verdict>> {
    let mut verdicts = Vec::new();
    let before = Utc::now();
    let offset = (schema::now(session).await? - before).num_seconds().abs();
    verdicts.push(if offset > 60 {
        Odd(format!("clock: the database's differs from this machine's by {offset} s; the database's counts"))
    } else {
        Good("clock: the database's and this machine's agree".to_owned())
    });
    let row = session.query_one(include_str!("../sql/doctor.sql"), &[]).await?;
    let dead: i64 = get(&row, 0)?;
    let overdue: i64 = get(&row, 1)?;
    let beat: Option<String> = get(&row, 2)?;
    let broad: bool = get(&row, 3)?;
    let circuits: Vec<String> = get(&row, 4)?;
    verdicts.push(if dead > 0 {
        Bad(format!("{dead} messages are dead: see `list dead`"))
    } else {
        Good("no message is dead".to_owned())
    });
    if overdue > 0 {
        verdicts.push(Bad(format!("{overdue} messages are overdue by more than an hour")));
    }
    for words in circuits {
        verdicts.push(Bad(format!("channel does not work: {words}")));
    }
    if let Some(beat) = beat {
        verdicts.push(Good(format!("last check {beat}")));
    }
    if broad {
        verdicts.push(Odd(
            "the database role can do more than the notifier needs: log in as a member of dp_notifier, which may read \
             what the rules watch and write nothing but alerts"
                .to_owned(),
        ));
    }
    Ok(verdicts)
}
