//! The story the platform is for: drops in, one mail when a balance moves.

use crate::scene::{INVOICES, Scene, ended};
use std::fs;

#[tokio::test]
async fn a_balance_that_moves_by_half_is_told_once_and_a_broken_drop_moves_nothing() {
    let scene = Scene::new().await;
    scene.drop_of("2026-11-20", "100");
    let first = scene.pipeline();
    ended(&first, 0);
    // What each stage says at its start stands nowhere: the summary says it.
    assert!(!String::from_utf8_lossy(&first.stdout).contains("Registered adapter"));
    assert_eq!(scene.subjects(), Vec::<String>::new(), "the first day has nothing to compare with");

    scene.drop_of("2026-11-21", "180");
    ended(&scene.pipeline(), 0);
    let subjects = scene.subjects();
    assert_eq!(subjects.len(), 1, "{subjects:?}");
    assert!(subjects[0].starts_with("1 customer balance moved"), "{subjects:?}");

    let again = scene.pipeline();
    ended(&again, 0);
    assert!(
        String::from_utf8_lossy(&again.stdout).contains("Nothing to do")
            || String::from_utf8_lossy(&again.stderr).contains("Nothing to do")
    );
    assert_eq!(scene.subjects().len(), 1, "the same day again is no news");

    scene.drop_of("2026-11-22", "180");
    ended(&scene.pipeline(), 0);
    assert_eq!(scene.subjects().len(), 1, "the same balance is no news");
    assert_eq!(scene.balance().await, ["2026-11-20 100", "2026-11-21 180", "2026-11-22 180"]);
    let runs = "select as_of || ' ' || command || ' ' || runs.status || ' ' || count(unique_id) \
                from platform.runs join platform.node_results using (run_id) \
                where as_of = '2026-11-22' and command in ('run', 'seed') and resource_type <> 'operation' \
                group by run_id order by 1";
    assert_eq!(scene.texts(runs).await, ["2026-11-22 run success 6", "2026-11-22 seed success 1"]);

    scene.drop_of("2026-11-23", "999");
    fs::write(scene.file("2026-11-23", "invoices.csv"), format!("{INVOICES}\n1,2,3\n\"never closed\n"))
        .expect("written");
    ended(&scene.pipeline(), 1);
    let subjects = scene.subjects();
    assert_eq!(subjects.len(), 2, "one mail about the broken drop: {subjects:?}");
    assert!(subjects[1].contains("failed"), "{subjects:?}");
    assert_eq!(scene.balance().await.len(), 3, "nothing of it became data");
    ended(&scene.pipeline(), 1);
    assert_eq!(scene.subjects().len(), 2, "the same failure is told once");

    scene.drop_of("2026-11-23", "181");
    ended(&scene.pipeline(), 0);
    let subjects = scene.subjects();
    assert!(!subjects.iter().any(|subject| subject.starts_with("2 customer")), "{subjects:?}");
    assert_eq!(scene.balance().await.last().map(String::as_str), Some("2026-11-23 181"));
}

#[tokio::test]
async fn a_drop_without_one_of_its_files_is_refused_by_name() {
    let scene = Scene::new().await;
    scene.drop_of("2026-11-20", "100");
    fs::remove_file(scene.file("2026-11-20", "organizations.csv")).expect("removed");
    let output = scene.pipeline();
    ended(&output, 1);
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("organizations.csv"), "{text}");
}
