//! deps: folders, git repositories, archives and a registry; the lock file; without a network.

use crate::scene::{Done, Scene, git};
use std::fs;
use std::path::Path;

/// A git repository with one package in a folder of it, tagged.
fn repository(folder: &Path, name: &str) {
    fs::create_dir_all(folder.join("inner/macros")).expect("made");
    fs::write(folder.join("inner/dbt_project.yml"), format!("name: {name}\nversion: '1.0'\n"))
        .expect("written");
    fs::write(folder.join("inner/macros/m.sql"), format!("{{% macro {name}_one() %}}1{{% endmacro %}}"))
        .expect("written");
    git(folder, "init --quiet --initial-branch=main");
    git(folder, "add .");
    git(folder, "commit --quiet -m one");
    git(folder, "tag v1");
}

fn url(path: &Path) -> String {
    format!("file://{}", path.display())
}

#[tokio::test]
async fn installs_folders_and_git_revisions_and_remembers_commits() {
    let scene = Scene::new(&[
        ("local/dbt_project.yml", "name: near\nversion: '1.0'\n"),
        ("local/packages.yml", "packages: [{local: other}]\n"),
        ("other/dbt_project.yml", "name: other\nversion: '1.0'\n"),
    ])
    .await;
    let far = scene.path("far");
    repository(&far, "far");
    let packages = format!(
        "packages:\n  - local: local\n  - git: \"{}\"\n    revision: v1\n    subdirectory: inner\n",
        url(&far)
    );
    scene.write("packages.yml", &packages);
    scene.write("models/a.sql", "select {{ far.far_one() }} as id");
    let early = scene.dp("parse");
    assert_eq!(early.code, 2);
    early.says("deps");

    let done = scene.good("deps");
    done.says("Installed from <local @ local>");
    done.says("and subdirectory inner");
    let lock = fs::read_to_string(scene.path("package-lock.yml")).expect("a lock file");
    assert!(lock.contains("name: far") && lock.contains("name: other"), "{lock}");
    scene.good("run");

    // A tag that moved counts once somebody asks for newer ones.
    fs::write(far.join("inner/macros/m.sql"), "{% macro far_one() %}2{% endmacro %}").expect("written");
    git(&far, "commit --quiet --all -m two");
    git(&far, "tag --force v1");
    scene.good("deps");
    assert!(scene.installed("far/macros/m.sql").contains('1'));
    scene.good("deps --upgrade");
    assert!(scene.installed("far/macros/m.sql").contains('2'));

    // What cannot be fetched leaves what is installed.
    fs::rename(&far, scene.path("gone")).expect("moved");
    let lost = scene.dp("deps --upgrade");
    assert_eq!(lost.code, 2, "{}", lost.text);
    lost.says("Error cloning file://");
    assert!(scene.installed("far/macros/m.sql").contains('2'));
}

impl Scene {
    fn installed(&self, path: &str) -> String {
        fs::read_to_string(self.path("dbt_packages").join(path)).expect("an installed file")
    }
}

/// dbt ends with 2 for each of them.
#[tokio::test]
async fn entries_that_are_no_package_are_refused() {
    let scene = Scene::new(&[("near/dbt_project.yml", "name: near\n")]).await;
    for entry in [
        "local: near, foo: 1",
        "local: near, subdirectory: x",
        "local: 1",
        "git: x, warn_unpinned: true",
        "git: x, subdirectory: 1",
        "package: a/b, version: '1.0.0', install-prerelease: true",
        "tarball: x, name: y, subdirectory: z",
        "private: a/b, version: 1",
        "local: near, git: x",
    ] {
        scene.write("packages.yml", &format!("packages:\n  - {{{entry}}}\n"));
        for verb in ["deps", "parse"] {
            let done = scene.dp(verb);
            assert_eq!(done.code, 2, "{verb} {entry}\n{}", done.text);
            done.says("is not valid under any of the given schemas");
        }
    }
    for (text, told) in [
        ("packages: []\nprojects: []\n", "The 'projects' key cannot be specified in packages.yml"),
        ("packages: []\nfoo: 1\n", "('foo' was unexpected)"),
        ("- local: near\n", "it is no mapping"),
    ] {
        scene.write("packages.yml", text);
        let done = scene.dp("parse");
        assert_eq!(done.code, 2, "{text}\n{}", done.text);
        done.says(told);
        let other = Scene::new(&[("dependencies.yml", text)]).await;
        assert_eq!(other.dp("parse").code, 0, "{text}");
    }
    scene.write("packages.yml", "packages:\n  - {local: near, name: near}\n");
    scene.good("deps");
    let versioned = scene.dp("deps --add-package near@1.0 --source local");
    assert_eq!(versioned.code, 2);
    versioned.says("A folder has no versions");
    scene.write("near/dbt_project.yml", "name: shop\n");
    std::fs::remove_file(scene.path("package-lock.yml")).expect("a lock");
    let same = scene.dp("deps");
    assert_eq!(same.code, 2);
    same.says("Found a dependency with the same name as the root project");
    assert!(!scene.path("package-lock.yml").exists());
}

#[tokio::test]
async fn addresses_are_rewritten_by_git_and_secrets_are_not_shown() {
    let scene = Scene::new(&[]).await;
    repository(&scene.path("far"), "far");
    scene.write(
        "packages.yml",
        "packages:\n  - git: \"https://{{ env_var('DBT_ENV_SECRET_TOKEN') }}@git.invalid/x/far.git\"\n    revision: main\n    \
         subdirectory: inner\n",
    );
    let config =
        format!("[url \"{}\"]\n\tinsteadOf = https://hush@git.invalid/x/far.git\n", url(&scene.path("far")));
    scene.write("gitconfig", &config);
    let run = |config: &str| {
        let mut command = scene.command("deps");
        command.env("DBT_ENV_SECRET_TOKEN", "hush").env("GIT_CONFIG_GLOBAL", scene.path(config));
        Done::of(&command.output().expect("dp starts"))
    };
    let done = run("gitconfig");
    assert_eq!(done.code, 0, "{}", done.text);
    done.says("is pinned to the \"main\" branch");
    let lock = fs::read_to_string(scene.path("package-lock.yml")).expect("a lock file");
    assert!(!done.text.contains("hush") && !lock.contains("hush"), "{}\n{lock}", done.text);
    assert!(lock.contains("DBT_ENV_SECRET_TOKEN"), "{lock}");
    fs::remove_file(scene.path("package-lock.yml")).expect("removed");
    let refused = run("none");
    assert_eq!(refused.code, 2);
    assert!(!refused.text.contains("hush"), "{}", refused.text);
}

#[tokio::test]
async fn takes_versions_of_a_registry_and_adds_packages() {
    let scene = Scene::new(&[("archive/thing-1/dbt_project.yml", "name: thing\nversion: '1.0'\n")]).await;
    let archive = scene.path("thing.tar.gz");
    let packed = std::process::Command::new("tar")
        .args([
            "czf".as_ref(),
            archive.as_os_str(),
            "-C".as_ref(),
            scene.path("archive").as_os_str(),
            "thing-1".as_ref(),
        ])
        .status();
    assert!(packed.expect("tar starts").success());
    let version = format!("{{\"name\": \"thing\", \"downloads\": {{\"tarball\": \"{}\"}}}}", url(&archive));
    let listing =
        format!("{{\"versions\": {{\"1.0.0\": {version}, \"1.2.0\": {version}, \"2.0.0\": {version}}}}}");
    scene.write("hub/api/v1/us/thing.json", &listing);
    let run = |line: &str| {
        let mut command = scene.command(line);
        Done::of(&command.env("DBT_PACKAGE_HUB_URL", url(&scene.path("hub"))).output().expect("dp starts"))
    };
    let added = run("deps --add-package us/thing@>=1.0.0,<2.0.0");
    assert_eq!(added.code, 0, "{}", added.text);
    added.says("Installed from version 1.2.0");
    added.says("Updated version available: 2.0.0");
    assert!(scene.installed("thing/dbt_project.yml").contains("thing"));
    let lock = fs::read_to_string(scene.path("package-lock.yml")).expect("a lock file");
    assert!(lock.contains("version: 1.2.0"), "{lock}");

    // A lock holds as long as its hash is that of what is asked for, though there are newer versions.
    let lock = |hash: &str| {
        let text = "packages:\n  - name: thing\n    package: us/thing\n    version: 1.0.0\nsha1_hash: ";
        scene.write("package-lock.yml", &format!("{text}{hash}\n"));
    };
    let packages = fs::read_to_string(scene.path("packages.yml")).expect("packages");
    assert_eq!(
        packages,
        "packages:\n  - package: us/thing\n    version:\n      - '>=1.0.0'\n      - <2.0.0\n"
    );
    lock("0aef5ecf6143e8efc9368e142678119f19b0acb4");
    run("deps").says("Installed from version 1.0.0");
    lock("0");
    run("deps").says("Installed from version 1.2.0");

    scene.write("packages.yml", "packages:\n  - package: us/nothing\n    version: 1.0.0\n");
    let unknown = run("deps");
    assert_eq!(unknown.code, 2);
    unknown.says("Package us/nothing was not found in the package index");
}

#[tokio::test]
async fn what_the_adapter_does_is_an_installed_packages_macro_where_it_has_one() {
    let scene = Scene::new(&[
        ("packages.yml", "packages: [{local: lent}]\n"),
        ("lent/dbt_project.yml", "name: lent\nversion: '1.0'\n"),
        (
            "lent/macros/truncate.sql",
            "{% macro truncate_relation(relation) %}{% do adapter.dispatch('truncate_relation')(relation) %}{% endmacro %}\
             {% macro postgres__truncate_relation(relation) %}{% do run_query('delete from ' ~ relation) %}\
             {{ say(relation) }}{% endmacro %}\
             {% macro say(relation) %}{{ log('lent: ' ~ relation.identifier, info=true) }}{% endmacro %}",
        ),
        ("seeds/s.csv", "id\n1\n"),
    ])
    .await;
    scene.good("deps");
    scene.good("seed");
    scene.good("seed").says("lent: s");
    assert_eq!(scene.texts("select id::text from dev.s").await, ["1"]);
}

/// <https://docs.getdbt.com/reference/resource-properties/overrides>
#[tokio::test]
async fn tests_of_an_overridden_source_are_the_packages_and_stand_for_its_own() {
    let source = "sources: [{name: s, schema: dev, tables: [{name: t, columns: [\
                  {name: id, data_tests: [unique]}, {name: other, data_tests: [not_null]}]}]}]";
    let scene = Scene::new(&[
        ("models/m.sql", "select 1 as id"),
        ("packages.yml", "packages: [{local: shelf}]"),
        ("shelf/dbt_project.yml", "name: shelf\nprofile: shop\n"),
        ("shelf/models/s.yml", source),
    ])
    .await;
    scene.good("deps");
    for (columns, expected) in [
        ("", ["shelf.source_not_null_s_t_other", "shelf.source_unique_s_t_id"].as_slice()),
        (", columns: [{name: id, data_tests: [not_null]}]", &["shelf.source_not_null_s_t_id"]),
        (", columns: [{name: id}]", &[]),
    ] {
        let patch = format!("sources: [{{name: s, overrides: shelf, tables: [{{name: t{columns}}}]}}]");
        scene.write("models/s.yml", &patch);
        let done = scene.good("--quiet ls --resource-type test");
        let mut found: Vec<&str> = done.text.lines().filter(|line| line.starts_with("shelf.")).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{patch}");
    }
}

/// The hashes that dbt Core 1.11 writes for the same files.
#[tokio::test]
async fn a_lock_has_dbts_hash() {
    let package = |name: &str| (format!("{name}/dbt_project.yml"), format!("name: {name}\nversion: '1.0'\n"));
    let scene = Scene::new(&[]).await;
    for (path, text) in [package("loc"), package("loc2")] {
        scene.write(&path, &text);
    }
    let hash = |line: &str| {
        let mut command = scene.command(line);
        let done = Done::of(&command.env("LOC", "loc").output().expect("dp starts"));
        assert_eq!(done.code, 0, "{}", done.text);
        let lock = fs::read_to_string(scene.path("package-lock.yml")).expect("a lock file");
        lock.rsplit(": ").next().unwrap_or_default().trim().to_owned()
    };
    for (packages, wanted) in [
        ("packages: [{local: loc}]", "a71055181d00da6c4c839b505767961c8cad73b3"),
        ("packages: [{local: loc}, {local: loc2}]", "b194691d9c517ff80bc461ed674f055af07f8d32"),
        ("packages: [{local: loc, name: zz}]", "58273c462ddd8c3a7ece56bfa537713ab902f3d7"),
        ("packages: [{local: \"{{ env_var('LOC') }}\"}]", "3daa741861c36f0a24575462ff26ff0d997a4838"),
    ] {
        scene.write("packages.yml", packages);
        assert_eq!(hash("deps"), wanted, "{packages}");
    }
    // As in dbt, what was just added counts as if nothing was written, and the next command settles anew.
    scene.write("packages.yml", "packages: [{local: loc}]");
    assert_eq!(hash("deps --add-package loc2 --source local"), "51a00eae704c8fc19a80e757b8a17a42449b72b7");
    assert_eq!(hash("deps"), "b194691d9c517ff80bc461ed674f055af07f8d32");
}
