//! `cargo xtask pictures`: what readers of the alert mails see. The mails are those that a made-up company's days
//! give, byte for byte; Chromium draws their HTML part light, dark and as wide as a phone.

use crate::workspace;
use anyhow::{Context, bail};
use clap::Args;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Draws the mails.
#[derive(Debug, Args)]
pub struct Pictures {
    /// Folder of the pictures
    #[arg(long, default_value = "target/pictures")]
    out: PathBuf,
}

/// A way to read a mail.
struct Look {
    name: &'static str,
    /// Columns of pixels.
    width: u32,
    dark: bool,
}

const LOOKS: [Look; 3] = [
    Look { name: "light", width: 640, dark: false },
    Look { name: "dark", width: 640, dark: true },
    Look { name: "phone", width: 375, dark: false },
];

/// Writes `KIND-LOOK.png` for every mail, and says where.
pub fn run(options: &Pictures) -> anyhow::Result<()> {
    // The test runs in a folder of its own.
    let root = std::path::absolute(workspace::root()).context("failed to find the workspace")?;
    let (mails, out) = (root.join("target/pictures/mails"), root.join(&options.out));
    if mails.exists() {
        fs::remove_dir_all(&mails).context("failed to clear target/pictures/mails")?;
    }
    fs::create_dir_all(&out).with_context(|| format!("failed to make {}", out.display()))?;
    let status = Command::new(env!("CARGO"))
        .args(["test", "--quiet", "--package", "notifier", "--test", "it", "mails_of_a_companys_days"])
        .current_dir(&root)
        .env("NOTIFIER_PICTURES", &mails)
        .status()
        .context("failed to start cargo")?;
    if !status.success() {
        bail!("failed to write the mails");
    }
    let browser = browser()?;
    let mut found: Vec<PathBuf> = fs::read_dir(&mails)
        .context("failed to read target/pictures/mails")?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "html"))
        .collect();
    found.sort();
    for mail in &found {
        let name = mail.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for look in &LOOKS {
            let picture = out.join(format!("{name}-{}.png", look.name));
            photograph(&browser, mail, look, &picture)?;
            writeln!(std::io::stdout(), "{}", picture.display()).context("failed to write")?;
        }
    }
    Ok(())
}

fn browser() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .flat_map(|name| places.iter().map(move |place| place.join(name)))
        .find(|path| path.is_file())
        .context("there is no Chromium here; on Debian: apt-get install chromium")
}

/// As high as the mail is: a copy with a script in it says how high that is.
fn photograph(browser: &Path, mail: &Path, look: &Look, picture: &Path) -> anyhow::Result<()> {
    let html = fs::read_to_string(mail).with_context(|| format!("failed to read {}", mail.display()))?;
    let copy = mail.with_extension("measured.htm");
    let script =
        "<script>document.title = 'high ' + document.documentElement.scrollHeight + ' high'</script>";
    fs::write(&copy, format!("{html}{script}")).context("failed to write a copy of the mail")?;
    let said = chromium(browser, look, 400).arg("--dump-dom").arg(&copy).output();
    let said = said.context("failed to start Chromium")?;
    let page = String::from_utf8_lossy(&said.stdout).into_owned();
    let height = page
        .split("high ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next()?.parse::<u32>().ok())
        .with_context(|| format!("Chromium did not say how high {} is", mail.display()))?;
    fs::remove_file(&copy).context("failed to remove the copy of the mail")?;
    let shot = chromium(browser, look, height)
        .arg(format!("--screenshot={}", picture.display()))
        .arg(mail)
        .output()
        .context("failed to start Chromium")?;
    if !shot.status.success() || !picture.exists() {
        bail!("Chromium drew no picture of {}:\n{}", mail.display(), String::from_utf8_lossy(&shot.stderr));
    }
    Ok(())
}

/// Chromium without a window and without a network.
fn chromium(browser: &Path, look: &Look, height: u32) -> Command {
    let mut command = Command::new(browser);
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"])
        .arg("--host-resolver-rules=MAP * ~NOTFOUND")
        .arg(format!("--window-size={},{height}", look.width));
    if look.dark {
        command.arg("--blink-settings=preferredColorScheme=0");
    }
    command
}
