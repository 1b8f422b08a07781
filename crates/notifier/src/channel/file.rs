//! Mails as files: written beside, made durable, then named. The same message gives the same file, so a
//! repetition is none.

use async_trait::async_trait;
use platform_core::EventSink;
use platform_core::channel::{Channel, Deferral, Delivery, Message, Outcome, Phase};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A folder of `.eml` files.
pub(super) struct Folder {
    dir: PathBuf,
}

impl Folder {
    pub fn new(dir: PathBuf) -> Self {
        // Without the dots of `./outbox`: people read the path of every mail.
        Self { dir: dir.components().collect() }
    }
}

#[async_trait]
impl Channel for Folder {
    async fn deliver(&mut self, message: &Message, events: &dyn EventSink) -> Outcome {
        let name = file_name(&message.message_id);
        super::step(events, "connected");
        match write(&self.dir, &name, &message.payload) {
            Ok(path) => {
                super::step(events, "replied");
                Outcome::accepted(path.display().to_string())
            }
            Err(problem) => {
                let reply = format!("write {}: {problem}", self.dir.join(name).display());
                Outcome::new(Delivery::Deferred(Deferral::Channel), Phase::Claimed, reply)
            }
        }
    }
}

/// Ids are hexadecimal; whatever else one may hold cannot leave the folder.
fn file_name(message_id: &str) -> String {
    let safe: String = message_id
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || ".@-_".contains(c) { c } else { '_' })
        .collect();
    format!("{}.eml", safe.trim_start_matches('.'))
}

fn write(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    fs::create_dir_all(dir)?;
    let (path, beside) = (dir.join(name), dir.join(format!(".{name}.{}", std::process::id())));
    let written = (|| {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, &path)?;
        File::open(dir)?.sync_all()
    })();
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written.map(|()| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_the_folder() {
        assert_eq!(file_name("dp.0a@example.com"), "dp.0a@example.com.eml");
        assert_eq!(file_name("../../etc/passwd"), "_.._etc_passwd.eml");
    }
}
