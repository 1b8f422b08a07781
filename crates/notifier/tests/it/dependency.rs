//! Features of the mail library that must stay off, whoever else in the workspace might ask for them: its pool
//! can report the next mail as sent, its log writes passwords, its DKIM makes signatures that don't hold.

use std::process::Command;

#[test]
fn the_mail_library_has_no_pool_no_log_and_no_dkim() {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "tree",
            "--workspace",
            "--offline",
            "--edges",
            "features,normal,dev,build",
            "--invert",
            "lettre",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo");
    let tree = String::from_utf8_lossy(&output.stdout);
    assert!(
        tree.contains("lettre feature \"tokio1-rustls\""),
        "{tree}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for feature in ["pool", "tracing", "dkim", "native-tls", "boring-tls"] {
        assert!(!tree.contains(&format!("lettre feature \"{feature}\"")), "{feature} is on:\n{tree}");
    }
}
