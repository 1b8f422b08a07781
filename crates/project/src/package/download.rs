//! Files from the network: the registry's answers, archives of packages.

use crate::package::error::Error;
use flate2::read::GzDecoder;
use std::io::Cursor;
use std::path::{Component, Path};
use std::time::Duration;

/// An answer larger than this is none we want.
const LARGEST: u64 = 256 * 1024 * 1024;
/// How often a download is tried.
const TRIES: u32 = 3;

/// A file; `None` where the server has none of that name.
pub fn get(url: &str) -> Result<Option<Vec<u8>>, Error> {
    if let Some(path) = url.strip_prefix("file://") {
        let path = Path::new(path);
        return match std::fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::File { action: "read", path: path.to_owned(), source }),
        };
    }
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(Duration::from_mins(1))).build().into();
    let mut tries = 0;
    loop {
        tries += 1;
        let answer = agent
            .get(url)
            .call()
            .and_then(|mut answer| answer.body_mut().with_config().limit(LARGEST).read_to_vec());
        match answer {
            Ok(bytes) => return Ok(Some(bytes)),
            Err(ureq::Error::StatusCode(404)) => return Ok(None),
            Err(error) if tries == TRIES => {
                return Err(Error::Download { url: url.to_owned(), why: error.to_string() });
            }
            Err(_) => std::thread::sleep(Duration::from_millis(500 * u64::from(tries))),
        }
    }
}

/// Unpacks a `.tar.gz` into a folder, without the archive's own top folder.
pub fn unpack(bytes: &[u8], folder: &Path) -> Result<(), Error> {
    let failed = |source| Error::File { action: "unpack", path: folder.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut archive = tar::Archive::new(GzDecoder::new(Cursor::new(bytes)));
    for entry in archive.entries().map_err(failed)? {
        let mut entry = entry.map_err(failed)?;
        let path = entry.path().map_err(failed)?.into_owned();
        let below: std::path::PathBuf = path.components().skip(1).collect();
        // What would leave the folder, or is no file, folder or link, is left out.
        let is_plain = below.components().all(|part| matches!(part, Component::Normal(_)));
        let kind = entry.header().entry_type();
        if below.as_os_str().is_empty() || !is_plain || !(kind.is_file() || kind.is_dir()) {
            continue;
        }
        let target = folder.join(&below);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        entry.unpack(&target).map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    fn archive(files: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (path, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            header.as_gnu_mut().expect("a header").name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_cksum();
            builder.append(&header, text.as_bytes()).expect("appended");
        }
        builder.into_inner().and_then(GzEncoder::finish).expect("an archive")
    }

    #[test]
    fn unpacks_without_the_top_folder_and_nothing_outside() {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = folder.path().join("package");
        let bytes = archive(&[
            ("owner-name-1/dbt_project.yml", "name: p"),
            ("owner-name-1/macros/m.sql", "x"),
            ("owner-name-1/../../evil.sql", "x"),
        ]);
        unpack(&bytes, &inside).expect("unpacked");
        assert_eq!(std::fs::read_to_string(inside.join("dbt_project.yml")).expect("read"), "name: p");
        assert!(inside.join("macros/m.sql").is_file());
        assert!(!folder.path().join("evil.sql").exists());
    }
}
