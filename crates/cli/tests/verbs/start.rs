//! init: a project that builds, with and without a profile; nothing is asked where nobody is.

use crate::scene::Scene;
use std::fs;

#[tokio::test]
async fn a_new_project_builds_and_its_profile_is_there_once() {
    let scene = Scene::new(&[]).await;
    fs::remove_file(scene.path("dbt_project.yml")).expect("removed");
    scene.good("init bakery --profiles-dir made");
    let profile = fs::read_to_string(scene.path("made/profiles.yml")).expect("a profile");
    assert!(profile.starts_with("bakery:\n  target: dev\n"), "{profile}");

    scene.good("init bakery --profiles-dir made").says("A project called bakery already exists here");
    scene.good("init --project-dir bakery --profiles-dir made").says("exists already in");
    assert_eq!(fs::read_to_string(scene.path("made/profiles.yml")).expect("a profile"), profile);

    scene.good("build --project-dir bakery --profiles-dir . --profile shop");
    assert_eq!(scene.texts("select count(*)::text from dev.greetings").await, ["2"]);
}

#[tokio::test]
async fn a_project_wants_a_name_and_can_go_without_a_profile() {
    let scene = Scene::new(&[]).await;
    fs::remove_file(scene.path("dbt_project.yml")).expect("removed");
    let nameless = scene.dp("init");
    assert_eq!(nameless.code, 2);
    nameless.says("dp init my_project");
    let wrong = scene.dp("init 1-bakery");
    assert_eq!(wrong.code, 2);
    wrong.says("is not a valid project name");
    scene.good("init bakery --skip-profile-setup --profiles-dir made");
    assert!(!scene.path("made/profiles.yml").exists());
}
