//! A project of a few files on a database of its own, and the binary run in it.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use warehouse::testing::TestDatabase;

/// A project and its database; targets `dev` and `prod`, a schema each.
pub struct Scene {
    folder: tempfile::TempDir,
    database: TestDatabase,
}

/// What a command printed, and its exit code.
pub struct Done {
    pub code: i32,
    pub text: String,
}

impl Scene {
    pub async fn new(files: &[(&str, &str)]) -> Self {
        let database = warehouse::testing::database().await.expect("a database");
        let scene = Self { folder: tempfile::tempdir().expect("a folder"), database };
        scene.write("dbt_project.yml", "name: shop\nversion: '1.0'\nprofile: shop\n");
        let settings = scene.database.tcp_settings();
        let (host, user) = (&settings.hosts[0], settings.user.clone().unwrap_or_default());
        let password = settings.password.as_ref().map(warehouse::Secret::reveal).unwrap_or_default();
        let output = |schema: &str| {
            format!(
                "    {schema}: {{type: postgres, host: '{}', port: {}, user: '{user}', password: '{password}', \
                 dbname: '{}', schema: {schema}, threads: 2}}\n",
                host.name,
                host.port,
                settings.database(),
            )
        };
        let outputs = output("dev") + &output("prod");
        scene.write("profiles.yml", &format!("shop:\n  target: dev\n  outputs:\n{outputs}"));
        for (path, text) in files {
            scene.write(path, text);
        }
        scene
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dp"));
        command.args(words(line)).current_dir(self.folder.path()).env("HOME", self.folder.path());
        for name in ["DBT_TARGET_PATH", "DATABASE_URL", "DBT_PROFILES_DIR", "DBT_PROJECT_DIR"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs a command; words are set apart by blanks, `'…'` holds some together.
    pub fn dp(&self, line: &str) -> Done {
        Done::of(&self.command(line).output().expect("dp starts"))
    }

    /// The same, which must succeed.
    #[track_caller]
    pub fn good(&self, line: &str) -> Done {
        let done = self.dp(line);
        assert_eq!(done.code, 0, "{line}\n{}", done.text);
        done
    }

    pub fn artifact(&self, name: &str) -> Value {
        let text = fs::read_to_string(self.path("target").join(name)).expect("an artifact");
        serde_json::from_str(&text).expect("JSON")
    }

    /// `status name` of every result, in the order of names.
    pub fn statuses(&self) -> Vec<String> {
        let results = self.artifact("run_results.json");
        let results = results["results"].as_array().expect("a list").iter();
        let text = |result: &Value, key: &str| result[key].as_str().unwrap_or_default().to_owned();
        let mut all: Vec<String> = results
            .map(|result| {
                let id = text(result, "unique_id");
                format!("{} {}", id.split('.').nth(2).unwrap_or_default(), text(result, "status"))
            })
            .collect();
        all.sort();
        all
    }

    pub async fn run_sql(&self, sql: &str) {
        let warehouse = self.database.connect().await.expect("connects");
        warehouse.get().await.expect("a session").batch_execute(sql).await.expect("done");
    }

    /// The texts that a query gives.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let warehouse = self.database.connect().await.expect("connects");
        let session = warehouse.get().await.expect("a session");
        let rows = session.query(sql, &[]).await.expect("rows");
        rows.iter().map(|row| warehouse::get(row, 0).expect("a text")).collect()
    }
}

impl Done {
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code().unwrap_or(-1), text: text(&output.stdout) + &text(&output.stderr) }
    }

    #[track_caller]
    pub fn says(&self, words: &str) {
        assert!(self.text.contains(words), "`{words}` is missing in\n{}", self.text);
    }
}

fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut inside = false;
    for letter in line.chars() {
        match letter {
            '\'' => inside = !inside,
            ' ' if !inside => words.push(String::new()),
            other => words.last_mut().expect("a word").push(other),
        }
    }
    words
}

/// Runs git in a folder, with an author of its own.
pub fn git(folder: &Path, line: &str) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@example.com"]).args(words(line));
    let output = command.current_dir(folder).output().expect("git starts");
    assert!(output.status.success(), "git {line}: {}", String::from_utf8_lossy(&output.stderr));
}
