//! Commands: what `dp alerts …` and `notifier …` do.

mod backtest;
mod doctor;
mod exit;
mod explain;
mod list;
mod project;
mod render;
mod run;
mod show;
mod silence;
mod verbs;

pub use exit::Exit;
pub use project::Project;
pub use verbs::{
    Ack, Backtest, Check, Eval, Explain, Format, List, Listed, Purge, Render, ReplayMessages,
    ResolveIncident, SendDue, Show, Silence, SilenceAdd, TestSend, Verb, Watch,
};

use crate::letter::many;
use crate::operate::{self, Replay};
use crate::{Error, Result, schema};
use std::io::Write;
use warehouse::get;

/// Does what a command says; writes data to `out`.
pub async fn run(verb: &Verb, project: &Project<'_>, out: &mut (dyn Write + Send)) -> Result<Exit> {
    if !matches!(verb, Verb::Doctor) {
        project.sound()?;
        schema::prepare(project.warehouse).await?;
    }
    match verb {
        Verb::Check(check) => run::check(check, project, out).await,
        Verb::Eval(eval) => run::eval(eval, project, out).await,
        Verb::Send(send) => run::send(send, project, out).await,
        Verb::Watch(watch) => run::watch(watch, project, out).await,
        Verb::List(list) => list::list(list, project, out).await,
        Verb::Show(show) => show::show(show, project, out).await,
        Verb::Explain(explain) => explain::explain(explain, project, out).await,
        Verb::Silence(silence) => silence::silence(silence, project, out).await,
        Verb::Ack(ack) => {
            operate::acknowledge(ack.id, &ack.by, &ack.note, project.warehouse, None).await?;
            say(out, &format!("incident {} is acknowledged by {}", ack.id, ack.by))
        }
        Verb::Resolve(resolve) => {
            operate::resolve(resolve.id, &resolve.by, &resolve.reason, project.warehouse, None).await?;
            say(out, &format!("incident {} is resolved: {}", resolve.id, resolve.reason))
        }
        Verb::Replay(replay) => {
            let which = replay.id.map_or(Replay::Dead, Replay::One);
            let ids = operate::replay(which, replay.as_new, &project.policy, project.warehouse, None).await?;
            let numbers: Vec<String> = ids.iter().map(ToString::to_string).collect();
            say(
                out,
                &format!(
                    "ready to be sent: {}",
                    if ids.is_empty() { "nothing".to_owned() } else { numbers.join(", ") }
                ),
            )
        }
        Verb::Render(render) => render::render(render, project, out).await,
        Verb::TestSend(test) => {
            let planned =
                operate::test_send(&test.channel, &project.rules, &project.policy, project.warehouse, None)
                    .await?;
            for message in &planned {
                say(
                    out,
                    &format!("message {} for {} at {}", message.id, message.recipient, message.channel),
                )?;
            }
            run::send(&SendDue::default(), project, out).await
        }
        Verb::Backtest(backtest) => backtest::backtest(backtest, project, out).await,
        Verb::Doctor => doctor::doctor(project, out).await,
        Verb::Purge(purge) => {
            let number = operate::purge(purge.older_than, project.warehouse, None).await?;
            say(
                out,
                &format!(
                    "forgot the contents of {}",
                    many(usize::try_from(number).unwrap_or(usize::MAX), "message")
                ),
            )
        }
    }
}

/// Writes a line.
fn say(out: &mut (dyn Write + Send), line: &str) -> Result<Exit> {
    writeln!(out, "{line}").map_err(|source| Error::File { action: "write to stdout".to_owned(), source })?;
    Ok(Exit::Done)
}

/// Rows in columns as wide as their widest cell.
fn columns(header: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    use unicode_width::UnicodeWidthStr as _;
    let widths: Vec<usize> = (0..header.len())
        .map(|index| {
            let cells = rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.width());
            cells.chain([header[index].width()]).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: Vec<&str>| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width()))))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    std::iter::once(line(header.to_vec()))
        .chain(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())))
        .collect()
}

/// Rows of a query of our own, every cell as text.
async fn texts(
    project: &Project<'_>,
    sql: &str,
    parameters: &[&(dyn warehouse::types::ToSql + Sync)],
) -> Result<Vec<Vec<String>>> {
    let session = project.warehouse.get().await?;
    let rows = session.query(sql, parameters).await?;
    rows.iter()
        .map(|row| {
            (0..row.len()).map(|index| Ok(get::<Option<String>>(row, index)?.unwrap_or_default())).collect()
        })
        .collect()
}
