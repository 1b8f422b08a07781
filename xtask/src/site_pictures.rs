//! `cargo xtask site-pictures`: the site in pictures, for the README. One command, so that they are never old.

use crate::bench::synthetic;
use crate::workspace;
use anyhow::{Context, bail};
use clap::Args;
use cli::Environment;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

/// What a project is read from.
const PROJECT: [&str; 6] = ["csv_data", "seeds", "sql", "dbt_project.yml", "alerts.yml", "profiles"];

/// All pictures together, in bytes: a repository is cloned by everybody.
const MOST: u64 = 1_500_000;

/// Models in the pictures of a large project.
const MANY: usize = 5000;

/// Takes them anew.
#[derive(Debug, Args)]
pub struct SitePictures {
    /// Where they go [default: crates/docs/pictures]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// One picture.
struct Shot {
    file: &'static str,
    page: &'static str,
    width: u32,
    height: u32,
    dark: bool,
}

const fn shot(file: &'static str, page: &'static str, width: u32, height: u32) -> Shot {
    Shot { file, page, width, height, dark: false }
}

/// After three drops, of which the last raised alerts.
const GOOD: [Shot; 5] = [
    shot("overview.png", "#!/overview", 1280, 860),
    shot("node.png", "#!/model/model.data_platform__customer.fct_organization_daily_financials", 1280, 1000),
    shot("lineage.png", "#!/lineage", 1280, 560),
    shot(
        "column-lineage.png",
        "#!/column/model.data_platform__customer.dim_organizations?column=balance",
        1280,
        620,
    ),
    Shot {
        dark: true,
        ..shot(
            "alert.png",
            "#!/exposure/exposure.data_platform__customer.operations_customer_balance_alert",
            1280,
            760,
        )
    },
];

/// After a fourth, whose tests failed.
const FAILED: [Shot; 1] = [shot("failed-run.png", "#!/overview", 1280, 760)];

/// Of thousands of models.
const LARGE: [Shot; 2] = [
    shot("five-thousand.png", "#!/lineage", 1280, 760),
    shot("focus.png", "#!/lineage?select=2%2Bm02517%2B1", 1280, 460),
];

/// Builds the projects in a scratch folder and photographs their sites.
pub fn run(options: &SitePictures) -> anyhow::Result<ExitCode> {
    let out = options.out.clone().unwrap_or_else(|| workspace::root().join("crates/docs/pictures"));
    std::fs::create_dir_all(&out).with_context(|| format!("failed to make {}", out.display()))?;
    let scratch = workspace::root().join("target/site-pictures");
    if scratch.exists() {
        std::fs::remove_dir_all(&scratch)
            .with_context(|| format!("failed to empty {}", scratch.display()))?;
    }
    let customer = scratch.join("customer");
    copy_project(&customer)?;
    dp(&customer, &["pipeline"])?;
    GOOD.iter().try_for_each(|shot| take(&customer.join("target"), shot, &out))?;
    spoil(&customer)?;
    // It ends with exit code 1: that is what the picture is of.
    let _ = dp(&customer, &["pipeline"]);
    FAILED.iter().try_for_each(|shot| take(&customer.join("target"), shot, &out))?;
    let large = scratch.join("large");
    synthetic::layered(&large, MANY)?;
    dp(&large, &["docs", "generate", "--no-compile", "--empty-catalog", "--quiet"])?;
    LARGE.iter().try_for_each(|shot| take(&large.join("target"), shot, &out))?;
    std::fs::remove_dir_all(&scratch).with_context(|| format!("failed to remove {}", scratch.display()))?;
    told(&out)
}

fn dp(folder: &Path, words: &[&str]) -> anyhow::Result<()> {
    let line = std::iter::once("dp").chain(words.iter().copied()).map(OsString::from);
    let line = line.chain(["--project-dir".into(), folder.into()]);
    let mut environment = Environment::of_process();
    // A private server, whatever this shell works with.
    let own =
        environment.variables.iter().filter(|(name, _)| *name != "DATABASE_URL" && !name.starts_with("DBT_"));
    environment.variables = Arc::new(own.map(|(name, value)| (name.clone(), value.clone())).collect());
    if cli::run(line, environment) != ExitCode::SUCCESS {
        bail!("`dp {}` failed in {}", words.join(" "), folder.display());
    }
    Ok(())
}

fn copy_project(into: &Path) -> anyhow::Result<()> {
    PROJECT.iter().try_for_each(|name| copy(&workspace::root().join(name), &into.join(name)))
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let failed = || format!("failed to copy {}", from.display());
    if !from.is_dir() {
        return std::fs::copy(from, to).map(drop).with_context(failed);
    }
    std::fs::create_dir_all(to).with_context(failed)?;
    for entry in std::fs::read_dir(from).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// A drop of the day after, in which two invoices stand twice.
fn spoil(customer: &Path) -> anyhow::Result<()> {
    let day = customer.join("csv_data/2026-11-23");
    copy(&customer.join("csv_data/2026-11-22"), &day)?;
    let path = day.join("invoices.csv");
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    let twice: Vec<&str> = text.lines().rev().take(2).collect();
    let spoilt = format!("{}\n{}\n", text.trim_end(), twice.join("\n"));
    std::fs::write(&path, spoilt).with_context(|| format!("failed to write {}", path.display()))
}

fn take(site: &Path, shot: &Shot, out: &Path) -> anyhow::Result<()> {
    if !site.join("index.html").is_file() {
        bail!("there is no site in {}", site.display());
    }
    let path = out.join(shot.file);
    let profile = site.join("chromium-profile");
    let mut chromium = Command::new(chromium()?);
    chromium
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"])
        .args(["--disable-background-networking", "--virtual-time-budget=8000"])
        .arg("--host-resolver-rules=MAP * ~NOTFOUND")
        .arg(format!("--blink-settings=preferredColorScheme={}", u8::from(!shot.dark)))
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--window-size={},{}", shot.width, shot.height))
        .arg(format!("--screenshot={}", path.display()))
        .arg(format!("file://{}/index.html{}", site.display(), shot.page));
    let output = chromium.output().context("failed to start Chromium")?;
    let _ = std::fs::remove_dir_all(&profile);
    if !output.status.success() || !path.exists() {
        bail!("Chromium took no picture of {}: {}", shot.page, String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

fn chromium() -> anyhow::Result<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let mut all = std::env::split_paths(&paths).flat_map(|folder| names.map(|name| folder.join(name)));
    all.find(|path| path.exists()).context("there is no Chromium here: `apt-get install chromium`")
}

/// Sizes; too much is an error.
fn told(out: &Path) -> anyhow::Result<ExitCode> {
    let mut talk = std::io::stdout().lock();
    let mut sum = 0;
    for shot in GOOD.iter().chain(&FAILED).chain(&LARGE) {
        let size = std::fs::metadata(out.join(shot.file)).map(|data| data.len()).unwrap_or_default();
        writeln!(talk, "{:24} {:>4} kB", shot.file, size / 1000)?;
        sum += size;
    }
    writeln!(talk, "together {} kB, at most {}", sum / 1000, MOST / 1000)?;
    Ok(if sum > MOST { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
