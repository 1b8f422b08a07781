//! TLS as libpq has it: what each `sslmode` accepts, client certificates, cancelling, and that types are still
//! known.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use warehouse::embedded::{Handle, Keep, Server};
use warehouse::settings::SslMode;
use warehouse::{Environment, Error, Result, Session, Settings, Warehouse};

/// Runs openssl in `folder`.
fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
    let output = output.expect("this test needs openssl: `apt-get install openssl`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A certificate for `name`, signed by itself.
fn certificate(folder: &Path, file: &str, name: &str) {
    openssl(
        folder,
        &format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={name} \
             -addext subjectAltName=DNS:{name} -addext basicConstraints=critical,CA:FALSE \
             -keyout {file}.key -out {file}.pem"
        ),
    );
}

/// A server that speaks TLS as `localhost`, and trusts the certificate `client.pem`.
fn start(folder: &Path) -> Handle {
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let environment: Environment = std::env::vars().collect();
    let server = Server::of_project(folder, &environment).unwrap();
    certificate(folder, "server", "localhost");
    certificate(folder, "other", "elsewhere");
    certificate(folder, "client", "platform");
    let handle = server.start(Keep::WhileUsed).unwrap();
    let data = server.folder().join("data");
    for name in ["server.pem", "server.key", "client.pem"] {
        // Into a file that the server made, so that it stays the server's.
        let target = data.join(name);
        std::fs::copy(data.join("PG_VERSION"), &target).unwrap();
        std::fs::write(&target, std::fs::read(folder.join(name)).unwrap()).unwrap();
        let owner = std::fs::metadata(&data).unwrap();
        std::os::unix::fs::chown(
            &target,
            Some(std::os::unix::fs::MetadataExt::uid(&owner)),
            Some(std::os::unix::fs::MetadataExt::gid(&owner)),
        )
        .unwrap();
        std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    handle
}

async fn session(settings: Settings) -> Result<Session> {
    Warehouse::lazy(Settings { retries: 0, ..settings }, 1)?.session().await
}

async fn cipher(settings: &Settings) -> Result<Option<String>> {
    let sql = "select cipher from pg_stat_ssl where pid = pg_backend_pid() and ssl";
    let rows = session(settings.clone()).await?.run(sql).await?.rows.unwrap();
    assert_eq!(rows.columns[0].type_name, "text", "types are known inside TLS too");
    Ok(rows.first().map(str::to_owned))
}

#[tokio::test]
async fn every_mode_checks_what_it_says() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("dp-test").tempdir_in("/var/tmp").unwrap();
    let handle = start(folder.path());
    let admin = session(handle.settings()).await?;
    for (name, value) in [
        ("ssl_cert_file", "server.pem"),
        ("ssl_key_file", "server.key"),
        ("ssl_ca_file", "client.pem"),
        ("ssl", "on"),
    ] {
        admin.run(&format!("alter system set {name} = '{value}'")).await?;
    }
    admin.run("select pg_reload_conf()").await?;
    let mut tcp = handle.tcp_settings();
    tcp.hosts[0].name = "localhost".to_owned();
    let prefer = Settings { sslmode: SslMode::Prefer, ..tcp.clone() };
    for _ in 0..100 {
        if cipher(&prefer).await?.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    let file = |name: &str| Some(folder.path().join(name));
    let with = |sslmode, sslrootcert: Option<PathBuf>| Settings { sslmode, sslrootcert, ..tcp.clone() };
    for (settings, encrypted) in [
        (with(SslMode::Disable, None), false),
        (with(SslMode::Allow, None), false),
        (with(SslMode::Prefer, None), true),
        (with(SslMode::Require, None), true),
        (with(SslMode::VerifyCa, file("server.pem")), true),
        (with(SslMode::VerifyFull, file("server.pem")), true),
    ] {
        assert_eq!(cipher(&settings).await?.is_some(), encrypted, "{:?}", settings.sslmode);
    }
    for settings in [
        with(SslMode::VerifyCa, file("other.pem")),
        with(SslMode::VerifyFull, file("other.pem")),
        with(SslMode::Require, file("other.pem")),
        with(SslMode::VerifyCa, None),
        with(SslMode::VerifyFull, None),
    ] {
        let error = cipher(&settings).await.unwrap_err();
        assert!(matches!(error, Error::Connect { .. }), "{error}");
        assert!(error.to_string().contains("hint: check sslmode"), "{error}");
    }
    let mut by_address = with(SslMode::VerifyFull, file("server.pem"));
    by_address.hosts[0].name = "127.0.0.1".to_owned();
    assert!(cipher(&by_address).await.is_err(), "the certificate is for another name");
    by_address.sslmode = SslMode::VerifyCa;
    assert!(cipher(&by_address).await?.is_some(), "verify-ca does not look at names");

    // A statement under TLS is cancelled by a second connection under TLS.
    let slow = session(with(SslMode::Require, None)).await?;
    let token = slow.cancel_token();
    let (slow, cancelled) = tokio::join!(slow.run("select pg_sleep(20)"), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        token.cancel().await
    });
    cancelled?;
    assert_eq!(slow.unwrap_err().sqlstate(), Some("57014"));

    // Who must show a certificate, and does.
    let rules = "hostssl all all 127.0.0.1/32 cert\nhostssl all all ::1/128 cert\n";
    let path = handle.folder().join("data/pg_hba.conf");
    let before = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{}{rules}", before.lines().next().unwrap().to_owned() + "\n")).unwrap();
    admin.run("select pg_reload_conf()").await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let nobody = with(SslMode::Require, None);
    assert!(cipher(&nobody).await.is_err());
    let known = Settings { sslcert: file("client.pem"), sslkey: file("client.key"), ..nobody.clone() };
    assert!(cipher(&known).await?.is_some());
    // The server insists on TLS: `allow` and `prefer` get there.
    let allow = Settings { sslmode: SslMode::Allow, ..known.clone() };
    assert!(cipher(&allow).await?.is_some());
    let plain = Settings { sslmode: SslMode::Disable, ..known };
    assert_eq!(cipher(&plain).await.unwrap_err().sqlstate(), Some("28000"));
    Ok(())
}
