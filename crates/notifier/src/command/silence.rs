//! `silence`: hear nothing for a while.

use super::verbs::Silence;
use super::{Exit, Project, say};
use crate::operate::{self, Silencing};
use crate::{Error, Result};
use std::io::Write;

pub(super) async fn silence(
    silence: &Silence,
    project: &Project<'_>,
    out: &mut (dyn Write + Send),
) -> Result<Exit> {
    match silence {
        Silence::Add(add) => {
            if add.comment.trim().chars().count() < 3 {
                return Err(Error::NotFound { what: "a reason: --comment must say why".to_owned() });
            }
            let silencing = Silencing {
                organization: add.org.clone(),
                rule: add.rule.clone(),
                kind: add.kind.clone(),
                from: None,
                lasts: add.lasts,
                by: add.by.clone(),
                comment: add.comment.clone(),
            };
            let id = operate::silence(
                &silencing,
                &project.rules,
                &project.policy,
                project.warehouse,
                None,
                project.events,
            )
            .await?;
            say(out, &format!("silence {id} holds for {}; end it with: silence end {id}", add.lasts))
        }
        Silence::End { id } => {
            operate::end_silence(*id, project.warehouse, None).await?;
            say(out, &format!("silence {id} has ended"))
        }
    }
}
