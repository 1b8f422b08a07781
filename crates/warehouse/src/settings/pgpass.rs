//! The password file: `~/.pgpass` or `PGPASSFILE` (PostgreSQL manual, 34.16).

use super::Settings;
use crate::Secret;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// The password of the first line that fits the settings. Like libpq, a file that others can read is
/// passed over.
pub(super) fn look_up(settings: &Settings, home: Option<&Path>) -> Option<Secret> {
    let path = settings.passfile.clone().or_else(|| home.map(|home| home.join(".pgpass")))?;
    let metadata = std::fs::metadata(&path).ok()?;
    if !metadata.is_file() || metadata.permissions().mode() & 0o077 != 0 {
        return None;
    }
    let text = std::fs::read_to_string(path).ok()?;
    settings.servers().iter().find_map(|host| {
        let name = if host.is_socket() && is_default_socket(&host.name) { "localhost" } else { &host.name };
        find(&text, [name, &host.port.to_string(), settings.database(), settings.login()])
    })
}

fn is_default_socket(folder: &str) -> bool {
    folder == "/var/run/postgresql" || folder == "/tmp"
}

fn find(text: &str, wanted: [&str; 4]) -> Option<Secret> {
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = split(line.trim_end_matches('\r'));
        let (password, keys) = fields.split_last()?;
        let fits = keys.len() == 4
            && keys.iter().zip(wanted).all(|((raw, plain), wanted)| raw == "*" || plain == wanted);
        fits.then(|| Secret::new(password.1.as_str()))
    })
}

/// Up to five fields between colons, each as written and with `\:` and `\\` undone.
fn split(line: &str) -> Vec<(String, String)> {
    let mut fields = vec![(String::new(), String::new())];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == ':' && fields.len() < 5 {
            fields.push((String::new(), String::new()));
            continue;
        }
        let Some((raw, plain)) = fields.last_mut() else { break };
        raw.push(c);
        if c == '\\' {
            if let Some(next) = chars.next() {
                raw.push(next);
                plain.push(next);
            }
        } else {
            plain.push(c);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, wanted: [&str; 4], password: Option<&str>) {
        assert_eq!(find(text, wanted).as_ref().map(Secret::reveal), password);
    }

    #[test]
    fn the_first_fitting_line_wins() {
        let file = "# note\nh:1:d:u:first\n*:*:*:u:any\nh\\:x:1:d:\\*:es\\\\c:aped\n";
        check(file, ["h", "1", "d", "u"], Some("first"));
        check(file, ["h", "2", "d", "u"], Some("any"));
        check(file, ["h:x", "1", "d", "*"], Some("es\\c:aped"));
        check(file, ["h", "1", "d", "other"], None);
    }
}
