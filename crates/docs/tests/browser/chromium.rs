//! Opening a page and acting in it.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a script of a test can use: waiting, finding, typing, pressing keys.
const HELPER: &str = r"
const wait = (ready) => new Promise((done, failed) => {
  let tries = 0;
  const look = () => {
    const found = ready();
    if (found) return done(found);
    if (tries++ > 300) return failed(new Error('waited in vain for ' + ready));
    setTimeout(look, 10);
  };
  look();
});
const one = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const type = (text) => { const box = one('#query'); box.focus(); box.value = text; box.dispatchEvent(new Event('input')); };
const press = (key, target) => (target || document.activeElement || document.body)
  .dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
const drawn = (canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte);
";

/// Chromium under the names distributions give it.
fn chromium() -> PathBuf {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|it| it.exists());
    found.expect("these tests need Chromium: `apt-get install chromium` (or another package of that name)")
}

/// Which clock the page goes by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Jumps ahead whenever nothing happens: nobody waits for time-outs.
    Virtual,
    /// Goes as it goes; the script must not wait for anything, since the page is read once it is loaded.
    Real,
}

/// Opens `page` of the site in a window that wide, lets `script` act in it, and gives what it returned.
pub fn act(folder: &Path, page: &str, width: u32, script: &str) -> Value {
    act_by(folder, page, width, script, Clock::Virtual)
}

/// The same by a clock.
pub fn act_by(folder: &Path, page: &str, width: u32, script: &str, clock: Clock) -> Value {
    let profile = tempfile::tempdir().expect("a profile");
    let name = profile.path().file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
    let acting = format!(
        "{HELPER}\n(async () => {{ {script} }})().catch((error) => ({{ error: String(error) }})).then((seen) => {{\n\
         const made = document.createElement('pre'); made.id = 'seen'; made.textContent = JSON.stringify(seen);\n\
         document.body.append(made); }});"
    );
    std::fs::write(folder.join(format!("{name}.js")), acting).expect("written");
    let tag = format!("<script src=\"{name}.js\"></script></body>");
    let html = std::fs::read_to_string(folder.join("index.html")).expect("the page").replace("</body>", &tag);
    std::fs::write(folder.join(format!("{name}.html")), html).expect("written");
    let mut command = Command::new(chromium());
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-sync", "--disable-background-networking", "--disable-component-update"])
        .arg("--host-resolver-rules=MAP * ~NOTFOUND")
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--window-size={width},900"));
    if clock == Clock::Virtual {
        command.arg("--virtual-time-budget=20000");
    }
    let address = format!("file://{}/{name}.html{page}", folder.display());
    let output = command.arg("--dump-dom").arg(address).output().expect("Chromium starts");
    let dom = String::from_utf8_lossy(&output.stdout);
    let seen = dom.split_once(r#"<pre id="seen">"#).and_then(|(_, rest)| rest.split_once("</pre>"));
    let (seen, _) =
        seen.unwrap_or_else(|| panic!("nothing seen: {dom} {}", String::from_utf8_lossy(&output.stderr)));
    let seen =
        seen.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u{a0}").replace("&amp;", "&");
    serde_json::from_str(&seen).expect("what was seen is JSON")
}
