//! Projects as files, read for their manifest or for what is wrong with them.

#![allow(dead_code, reason = "each test file uses a part of it")]

use platform_core::Manifest;
use project::{Profile, Project, ReadOptions};
use tempfile::TempDir;

/// Reads a project of these files; `dbt_project.yml` is there.
pub fn read(files: &[(&str, &str)]) -> Result<Project, project::Error> {
    let folder = TempDir::new().unwrap();
    let settings = ("dbt_project.yml", "name: shop\nversion: '1.0'\nprofile: shop\n");
    for (path, text) in std::iter::once(&settings).chain(files) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let profile =
        Profile { name: "shop".into(), schema: "shop".into(), database: "db".into(), ..Profile::default() };
    let fallback_profile = Some(profile);
    project::read(&ReadOptions { fallback_profile, ..ReadOptions::new(folder.path().to_owned()) })
}

/// The manifest of a project that holds nothing wrong.
#[track_caller]
pub fn manifest(files: &[(&str, &str)]) -> Manifest {
    let project = read(files).unwrap_or_else(|error| panic!("{error}"));
    if let Some(error) = project.errors().next() {
        panic!("{}", error.message);
    }
    (*project.manifest).clone()
}

/// Fails unless the project is refused with these words.
#[track_caller]
pub fn refused(files: &[(&str, &str)], expected: &str) {
    let told = match read(files) {
        Ok(project) => project.errors().map(|it| it.message.clone()).collect::<Vec<_>>().join("\n"),
        Err(error) => error.to_string(),
    };
    assert!(told.contains(expected), "expected: {expected}\ntold: {told}");
}
