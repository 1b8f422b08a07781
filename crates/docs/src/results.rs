//! What the last command that ran something left in the target folder.
//!
//! `docs generate` compiles first, and that writes `run_results.json` anew: what a run said would be gone after the
//! second time. So the results shown are kept beside it, and shown again until a command runs something.

use platform_core::RunResults;
use platform_core::failing::FailingTests;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Where the results shown are kept.
const KEPT: &str = "last_run_results.json";

/// Commands that leave results and run nothing.
const ONLY_READ: [&str; 6] = ["compile", "generate", "show", "list", "parse", "clone"];

/// Why results could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// A file of the target folder could not be read or written.
    #[error("{action} `{}`", path.display())]
    File {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// An artifact is not of the form that it should have.
    #[error("read `{}`\nhint: remove it, and the next command writes it anew", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
}

/// The results of the last command that ran something, with the rows that its failed tests found. Call it before
/// anything is compiled.
pub fn last(folder: &Path) -> Result<Option<RunResults>, ResultsError> {
    let newest: Option<RunResults> = read(&folder.join("run_results.json"))?;
    let mut results = match newest.filter(ran_something) {
        Some(results) => {
            keep(&results, &folder.join(KEPT))?;
            results
        }
        None => match read(&folder.join(KEPT))? {
            Some(results) => results,
            None => return Ok(None),
        },
    };
    let failing: Option<FailingTests> = read(&folder.join("failing_tests.json"))?;
    if let Some(failing) = failing.filter(|it| it.metadata.invocation_id == results.metadata.invocation_id) {
        add_rows(&mut results, failing);
    }
    Ok(Some(results))
}

fn ran_something(results: &RunResults) -> bool {
    let command = results.args.get("which").and_then(|which| which.as_str());
    command.is_none_or(|command| !ONLY_READ.contains(&command))
}

fn add_rows(results: &mut RunResults, failing: FailingTests) {
    let mut found: HashMap<_, _> = failing
        .tests
        .into_iter()
        .filter(|test| !test.rows.is_empty())
        .map(|test| {
            let header = test.columns.into_iter().map(Some).collect();
            (test.unique_id, std::iter::once(header).chain(test.rows).collect())
        })
        .collect();
    for result in &mut results.results {
        if let Some(rows) = found.remove(&result.unique_id) {
            result.sample = rows;
        }
    }
}

fn keep(results: &RunResults, path: &Path) -> Result<(), ResultsError> {
    let bytes =
        serde_json::to_vec(results).map_err(|source| ResultsError::Form { path: path.to_owned(), source })?;
    std::fs::write(path, bytes).map_err(|source| ResultsError::File {
        action: "write",
        path: path.to_owned(),
        source,
    })
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, ResultsError> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|source| ResultsError::Form { path: path.to_owned(), source }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ResultsError::File { action: "read", path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_compilation_does_not_replace_what_a_run_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, content: serde_json::Value| {
            std::fs::write(folder.path().join(name), content.to_string()).expect("written");
        };
        let results = |which: &str, status: &str, id: &str| {
            json!({"metadata": {"invocation_id": id}, "elapsed_time": 1.0, "args": {"which": which},
                "results": [{"unique_id": "test.shop.t", "status": status, "message": null, "failures": 1,
                    "compiled": true, "compiled_code": "", "relation_name": null}]})
        };
        assert!(last(folder.path()).expect("reads").is_none());
        write("run_results.json", results("build", "fail", "1"));
        write(
            "failing_tests.json",
            json!({"metadata": {"invocation_id": "1"}, "tests": [{"unique_id": "test.shop.t", "name": "t", "status": "fail",
                "message": null, "failures": 1, "tested": null, "relation": null, "column": null, "compiled_path": null,
                "stored_in": null, "columns": ["id"], "rows": [["7"]]}]}),
        );
        for command in ["build", "generate", "compile"] {
            if command != "build" {
                write("run_results.json", results(command, "success", command));
            }
            let shown = last(folder.path()).expect("reads").expect("results");
            assert_eq!(shown.results[0].status.as_str(), "fail", "after {command}");
            assert_eq!(shown.results[0].sample, [[Some("id".to_owned())], [Some("7".to_owned())]]);
        }
        write("run_results.json", results("test", "pass", "2"));
        let shown = last(folder.path()).expect("reads").expect("results");
        assert_eq!(shown.results[0].status.as_str(), "pass");
        assert!(shown.results[0].sample.is_empty(), "rows of another command");
    }
}
