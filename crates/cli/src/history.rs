//! Remembering a run in Postgres, where the platform keeps its state there.

use crate::invocation::Invocation;
use chrono::NaiveDate;
use model_graph::RunRecord;
use platform_core::NodeResult;
use platform_core::event::Level;
use project::Project;
use std::path::{Path, PathBuf};
use uuid::Uuid;
use warehouse::Warehouse;
use warehouse::migrate::PLATFORM;

/// Remembers what became of a command. That it could not be remembered is a warning: the run itself is done.
pub async fn remember(
    invocation: &Invocation,
    project: &Project,
    warehouse: &Warehouse,
    results: &[NodeResult],
) {
    let Ok(run_id) = Uuid::parse_str(&invocation.id) else { return };
    let as_of = invocation.vars.get("as_of").and_then(|value| value.as_str());
    let run = RunRecord {
        run_id,
        command: invocation.verb.to_owned(),
        arguments: invocation.environment.command.clone(),
        project: project.name().to_owned(),
        target: project.profile.target.clone(),
        git_sha: commit(&invocation.project_dir()),
        platform_version: env!("CARGO_PKG_VERSION"),
        as_of: as_of.and_then(|date| date.parse::<NaiveDate>().ok()),
        started_at: invocation.now,
    };
    if let Err(error) = record(warehouse, &run, results).await {
        let message = format!("this run is not in platform.runs: {error}");
        invocation.say(Level::Warn, "RunNotRemembered", "", message);
    }
}

/// A database that an older version kept is brought to today's form first.
async fn record(warehouse: &Warehouse, run: &RunRecord, results: &[NodeResult]) -> warehouse::Result<()> {
    warehouse::migrate::migrate_existing(warehouse, &PLATFORM).await?;
    let session = warehouse.get().await?;
    model_graph::record(&session, run, results).await?;
    Ok(())
}

/// The commit that is checked out in a folder, read from git's own files.
fn commit(folder: &Path) -> Option<String> {
    let dot_git = folder.ancestors().map(|folder| folder.join(".git")).find(|path| path.exists())?;
    let git = if dot_git.is_dir() {
        dot_git
    } else {
        // A work tree beside its repository: `gitdir: …`.
        let text = std::fs::read_to_string(&dot_git).ok()?;
        dot_git.parent()?.join(text.strip_prefix("gitdir:")?.trim())
    };
    let head = std::fs::read_to_string(git.join("HEAD")).ok()?;
    let Some(name) = head.trim().strip_prefix("ref:").map(str::trim) else {
        return Some(head.trim().to_owned());
    };
    let common = std::fs::read_to_string(git.join("commondir"));
    let shared: PathBuf = common.map_or_else(|_| git.clone(), |path| git.join(path.trim()));
    if let Ok(sha) = std::fs::read_to_string(shared.join(name)) {
        return Some(sha.trim().to_owned());
    }
    let packed = std::fs::read_to_string(shared.join("packed-refs")).ok()?;
    packed.lines().find_map(|line| line.strip_suffix(name)?.split(' ').next().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::commit;
    use std::fs;

    #[test]
    fn finds_the_commit_of_a_branch_of_packed_refs_and_of_a_work_tree() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("repo/.git/refs/heads")).expect("made");
        fs::create_dir_all(at("repo/project")).expect("made");
        assert_eq!(commit(&at("repo")), None);
        fs::write(at("repo/.git/HEAD"), "ref: refs/heads/main\n").expect("written");
        fs::write(at("repo/.git/packed-refs"), "# pack-refs\nabc refs/heads/main\n").expect("written");
        assert_eq!(commit(&at("repo/project")).as_deref(), Some("abc"));
        fs::write(at("repo/.git/refs/heads/main"), "def\n").expect("written");
        assert_eq!(commit(&at("repo/project")).as_deref(), Some("def"));
        fs::create_dir_all(at("repo/.git/worktrees/other")).expect("made");
        fs::create_dir_all(at("other")).expect("made");
        fs::write(at("other/.git"), "gitdir: ../repo/.git/worktrees/other\n").expect("written");
        fs::write(at("repo/.git/worktrees/other/HEAD"), "ref: refs/heads/main\n").expect("written");
        fs::write(at("repo/.git/worktrees/other/commondir"), "../..\n").expect("written");
        assert_eq!(commit(&at("other")).as_deref(), Some("def"));
        fs::write(at("repo/.git/worktrees/other/HEAD"), "123\n").expect("written");
        assert_eq!(commit(&at("other")).as_deref(), Some("123"));
    }
}
