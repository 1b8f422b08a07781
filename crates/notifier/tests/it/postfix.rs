//! A real mail server: Postfix on the loopback interface, that takes mail by STARTTLS only and puts it into a
//! maildir. Needs the program `postfix`, and root to start it; without them the test says so and ends.

use crate::story::Story;
use smtp_sink::Certificates;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A Postfix with a configuration, a queue and a maildir of its own.
struct Postfix {
    folder: tempfile::TempDir,
    port: u16,
}

/// Everything that Postfix runs to take a mail and put it into a file, none of it in a jail.
const SERVICES: &str = "
pickup     unix  n - n 60 1 pickup
cleanup    unix  n - n - 0 cleanup
qmgr       unix  n - n 300 1 qmgr
tlsmgr     unix  - - n 1000? 1 tlsmgr
rewrite    unix  - - n - - trivial-rewrite
bounce     unix  - - n - 0 bounce
defer      unix  - - n - 0 bounce
trace      unix  - - n - 0 bounce
verify     unix  - - n - 1 verify
flush      unix  n - n 1000? 0 flush
proxymap   unix  - - n - - proxymap
proxywrite unix  - - n - 1 proxymap
showq      unix  n - n - - showq
error      unix  - - n - - error
retry      unix  - - n - - error
discard    unix  - - n - - discard
virtual    unix  - n n - - virtual
anvil      unix  - - n - 1 anvil
scache     unix  - - n - 1 scache
postlog    unix-dgram n - n - 1 postlogd
";

impl Postfix {
    /// Starts it; nothing where it is not installed.
    fn start(certificates: &Certificates) -> Option<Self> {
        let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        if !Path::new("/usr/sbin/postfix").exists() || !is_root {
            // Not swallowed as the output of a passing test is: people must see what was not tested.
            let words = "NOT TESTED: a real mail server. Install `postfix` and run the tests as root.\n";
            let _ = fs::OpenOptions::new()
                .write(true)
                .open("/dev/tty")
                .map(|mut tty| tty.write_all(words.as_bytes()));
            eprint!("{words}");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let postfix = Self { folder, port };
        postfix.write(certificates);
        postfix.command("start");
        Some(postfix)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, certificates: &Certificates) {
        let owner = Command::new("id").args(["-u", "postfix"]).output().expect("id");
        let owner = String::from_utf8(owner.stdout).expect("text").trim().to_owned();
        fs::set_permissions(self.folder.path(), fs::Permissions::from_mode(0o755)).expect("permissions");
        for name in ["etc", "queue", "data", "mail"] {
            fs::create_dir(self.path(name)).expect("a folder");
        }
        for name in ["data", "mail"] {
            Command::new("chown").arg("postfix").arg(self.path(name)).status().expect("chown");
        }
        let root = self.folder.path().display();
        let settings = format!(
            "compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
maillog_file = {root}/log
maillog_file_prefixes = {root}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = localhost
mydestination =
alias_maps =
alias_database =
virtual_mailbox_domains = example.com
virtual_mailbox_maps = static:all/
virtual_mailbox_base = {root}/mail
virtual_uid_maps = static:{owner}
virtual_gid_maps = static:{owner}
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = {root}/etc/cert.pem
smtpd_tls_key_file = {root}/etc/key.pem
smtpd_tls_received_header = yes
smtpd_relay_restrictions = reject_unauth_destination
"
        );
        fs::write(self.path("etc/main.cf"), settings).expect("a file");
        let services = format!("127.0.0.1:{} inet n - n - - smtpd{SERVICES}", self.port);
        fs::write(self.path("etc/master.cf"), services).expect("a file");
        fs::write(self.path("etc/cert.pem"), &certificates.good_pem.0).expect("a file");
        fs::write(self.path("etc/key.pem"), &certificates.good_pem.1).expect("a file");
    }

    fn command(&self, what: &str) {
        let output = Command::new("/usr/sbin/postfix").arg("-c").arg(self.path("etc")).arg(what).output();
        let output = output.expect("postfix");
        assert!(output.status.success(), "postfix {what}: {output:?}\n{}", self.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// The first mail in the maildir.
    async fn mail(&self) -> String {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(30) {
            let found = fs::read_dir(self.path("mail/all/new")).ok().and_then(|mut mails| mails.next());
            if let Some(mail) = found {
                return fs::read_to_string(mail.expect("a mail").path()).expect("text");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no mail came\n{}", self.log());
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let _ = Command::new("/usr/sbin/postfix").arg("-c").arg(self.path("etc")).arg("stop").output();
    }
}

const POLICY: &str = r"
version: 1
installation: test
from: Alerts <alerts@example.com>
routes: [{match: {}, to: [ops], mode: thread}]
channels:
  ops: {type: smtp, url_env: SMTP, tls: required, ca_file: ca.pem, to: [ops@example.com], reply_to: people@example.com}
";

#[tokio::test]
async fn a_real_mail_server_takes_it_by_starttls_and_changes_nothing() {
    let certificates = Certificates::make().expect("certificates");
    let Some(postfix) = Postfix::start(&certificates) else { return };
    let mut story = Story::new().await;
    fs::write(story.folder.path().join("ca.pem"), &certificates.authority).expect("a file");
    story.environment.insert("SMTP".to_owned(), format!("smtp://localhost:{}", postfix.port));
    story.record("Überseehandel", "21", "100").await;
    story.evaluate("21").await;
    story.record("Überseehandel", "22", "160").await;
    story.set_policy(&POLICY.replace("tls: required", "tls: none"));
    story.run("22").await;
    assert!(
        story.states().await[0].starts_with("ops ready 1: permanent error (530)"),
        "without encryption it is refused, and kept: {:?}",
        story.states().await
    );
    story.set_policy(POLICY);
    let report = story.deliver_at(crate::story::morning("22") + chrono::TimeDelta::minutes(2)).await;
    assert_eq!(report.sent, 1, "{report:?} {:?}\n{}", story.states().await, postfix.log());
    let arrived = postfix.mail().await;
    let sent = story.outbox().await.remove(0).payload.replace("\r\n", "\n");
    let (added, rest) = arrived.split_once("From: Alerts").expect("our first header");
    assert!(added.contains("using TLSv1.3") && added.contains("Delivered-To: ops@example.com"), "{added}");
    assert_eq!(
        format!("From: Alerts{rest}").trim_end(),
        sent.trim_end(),
        "every header and every byte as stored"
    );
    for header in [
        "Message-ID: <dp.",
        "In-Reply-To: <dp.thread.",
        "Auto-Submitted: auto-generated",
        "List-Id: <balance-change.alerts.example.com>",
        "Reply-To: people@example.com",
    ] {
        assert!(arrived.contains(&format!("\n{header}")), "{header}:\n{arrived}");
    }
    assert_eq!(
        story.count("select count(*) from alerting.outbox where remote_reply like '%queued as%'").await,
        1
    );
}
