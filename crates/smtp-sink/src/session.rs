//! One connection: as much SMTP (RFC 5321) as a client needs, and what the mode does wrong.

use crate::{Mail, Mode, Shared, lock};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// How a part of a session ended.
enum End {
    Closed,
    StartTls,
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Serves one connection to its end.
pub(crate) async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Whatever happens to one connection, the server goes on.
    let _ = serve_stream(stream, &shared).await;
}

async fn serve_stream(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    if let Some(config) = &shared.options.wrapped {
        let stream = TlsAcceptor::from(config.clone()).accept(stream).await?;
        talk(&mut BufReader::new(stream), shared, true, true).await?;
        return Ok(());
    }
    let mut stream = BufReader::new(stream);
    if let End::StartTls = talk(&mut stream, shared, false, true).await?
        && let Some(config) = &shared.options.starttls
    {
        let stream = TlsAcceptor::from(config.clone()).accept(stream.into_inner()).await?;
        talk(&mut BufReader::new(stream), shared, true, false).await?;
    }
    Ok(())
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    shared: &Shared,
    line: &str,
) -> io::Result<()> {
    let bytes = format!("{line}\r\n").into_bytes();
    if let Mode::Drip(pause) = shared.mode() {
        for byte in bytes {
            stream.get_mut().write_all(&[byte]).await?;
            stream.get_mut().flush().await?;
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        return Ok(());
    }
    stream.get_mut().write_all(&bytes).await?;
    stream.get_mut().flush().await
}

async fn hang() -> io::Result<End> {
    tokio::time::sleep(Duration::from_hours(1)).await;
    Ok(End::Closed)
}

async fn talk<S>(stream: &mut BufReader<S>, shared: &Shared, encrypted: bool, greet: bool) -> io::Result<End>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if greet {
        match shared.mode() {
            Mode::HangAtGreeting => return hang().await,
            Mode::Greeting(reply) => {
                say(stream, shared, reply).await?;
                return Ok(End::Closed);
            }
            _ => say(stream, shared, "220 sink ready").await?,
        }
        shared.hook("greeted");
    }
    let mut mail = Mail { from: String::new(), to: Vec::new(), data: Vec::new(), encrypted };
    let mut known = shared.options.login.is_none();
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(End::Closed);
        }
        let command = line.trim_end().to_owned();
        let verb = command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" | "HELO" => {
                if shared.mode() == Mode::HangAfterEhlo {
                    return hang().await;
                }
                let mut lines = vec!["250-sink", "250-8BITMIME"];
                if shared.options.starttls.is_some() && !encrypted {
                    lines.push("250-STARTTLS");
                }
                if shared.options.login.is_some() {
                    lines.push("250-AUTH PLAIN");
                }
                lines.push("250 SIZE 50000000");
                say(stream, shared, &lines.join("\r\n")).await?;
            }
            "STARTTLS" if shared.options.starttls.is_some() && !encrypted => {
                say(stream, shared, "220 go ahead").await?;
                return Ok(End::StartTls);
            }
            "AUTH" => {
                known = shared.mode() != Mode::RefuseLogin && is_login(&command, shared);
                let reply = if known { "235 welcome" } else { "535 5.7.8 authentication failed" };
                say(stream, shared, reply).await?;
            }
            "MAIL" => {
                shared.hook("mail");
                mail = Mail { from: address(&command), to: Vec::new(), data: Vec::new(), encrypted };
                let reply = match shared.mode() {
                    Mode::Sender(reply) => reply,
                    _ if !known => "530 5.7.0 authentication required",
                    _ => "250 sender ok",
                };
                say(stream, shared, reply).await?;
            }
            "RCPT" => {
                shared.hook("rcpt");
                let to = address(&command);
                let reply = recipient_reply(shared, &mail.from, &to);
                if reply.starts_with('2') {
                    mail.to.push(to);
                }
                say(stream, shared, reply).await?;
            }
            "DATA" => {
                say(stream, shared, "354 go ahead").await?;
                shared.hook("data");
                read_data(stream, &mut mail.data).await?;
                if let Some(end) = answer(stream, shared, &mail).await? {
                    return Ok(end);
                }
            }
            "RSET" | "NOOP" => say(stream, shared, "250 ok").await?,
            "QUIT" => {
                say(stream, shared, "221 bye").await?;
                return Ok(End::Closed);
            }
            _ => say(stream, shared, "502 not here").await?,
        }
    }
}

/// `AUTH PLAIN base64(\0user\0password)`
fn is_login(command: &str, shared: &Shared) -> bool {
    let Some((user, password)) = &shared.options.login else { return true };
    let given = command.split(' ').nth(2).and_then(|text| STANDARD.decode(text).ok());
    given == Some(format!("\0{user}\0{password}").into_bytes())
}

fn address(command: &str) -> String {
    let inner = command.split('<').nth(1).and_then(|rest| rest.split('>').next());
    inner.unwrap_or_default().to_owned()
}

fn recipient_reply(shared: &Shared, from: &str, to: &str) -> &'static str {
    match shared.mode() {
        Mode::Recipient(part, reply) if to.contains(part) => reply,
        Mode::Greylist => {
            let pair = format!("{from}>{to}");
            let mut seen = lock(&shared.seen);
            if seen.contains(&pair) {
                return "250 recipient ok";
            }
            seen.push(pair);
            "450 4.2.0 greylisted, try again"
        }
        _ => "250 recipient ok",
    }
}

/// Lines up to the lone dot.
async fn read_data<S: AsyncRead + Unpin>(stream: &mut BufReader<S>, data: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            return Ok(());
        }
        data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

/// Keeps the mail, or not, and answers, or not.
async fn answer<S>(stream: &mut BufReader<S>, shared: &Shared, mail: &Mail) -> io::Result<Option<End>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match shared.mode() {
        Mode::Message(reply) => say(stream, shared, reply).await?,
        Mode::Larger(most, reply) if mail.data.len() > most => say(stream, shared, reply).await?,
        Mode::HangAfterData => return hang().await.map(Some),
        Mode::Late(pause, reply) => {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            say(stream, shared, reply).await?;
        }
        Mode::DropBefore => return Ok(Some(End::Closed)),
        mode => {
            if let Some(folder) = &shared.options.folder {
                mail.keep(folder, NUMBER.fetch_add(1, Ordering::Relaxed))?;
            }
            lock(&shared.accepted).push(mail.clone());
            shared.hook("stored");
            match mode {
                Mode::DropAfter => return Ok(Some(End::Closed)),
                Mode::DropAfterSome(share) if shared.percent() < share => return Ok(Some(End::Closed)),
                _ => {}
            }
            say(stream, shared, "250 2.0.0 kept").await?;
            shared.hook("replied");
        }
    }
    Ok(None)
}
