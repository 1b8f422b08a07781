//! A mail as it came over the wire.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// An accepted mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients.
    pub to: Vec<String>,
    /// Bytes, dots undone.
    pub data: Vec<u8>,
    /// Whether it came encrypted.
    pub encrypted: bool,
}

impl Mail {
    /// The value of a header, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.data);
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        let mut found: Option<String> = None;
        for line in head.split("\r\n") {
            if let (Some(value), true) = (&mut found, line.starts_with([' ', '\t'])) {
                value.push(' ');
                value.push_str(line.trim());
                continue;
            }
            if found.is_some() {
                break;
            }
            let (key, value) = line.split_once(':').unwrap_or((line, ""));
            if key.eq_ignore_ascii_case(name) {
                found = Some(value.trim().to_owned());
            }
        }
        found
    }

    /// Names of all headers, in order.
    pub fn headers(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.data);
        let head = text.split("\r\n\r\n").next().unwrap_or_default().to_owned();
        head.split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .filter_map(|line| Some(line.split_once(':')?.0.to_owned()))
            .collect()
    }

    /// Writes it to a file of its own, durably.
    pub(crate) fn keep(&self, folder: &Path, number: u64) -> io::Result<()> {
        let path = folder.join(format!("{}-{number:08}.eml", std::process::id()));
        let mut file = File::create(path)?;
        file.write_all(&self.data)?;
        file.sync_all()
    }
}
