//! Opening one connection: sockets, TLS by `sslmode`, retries, and what to say when it fails.

use crate::error::DbError;
use crate::secret::Scrubber;
use crate::settings::{Host, SessionAttrs, Settings, SslMode};
use crate::wire::{Tapped, Wire};
use crate::{Error, Result, tls};
use deadpool_postgres::ClientWrapper;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinHandle;
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls};

/// An open connection, its driving task spawned on the current runtime; it ends with the client.
pub(crate) struct Opened {
    pub client: ClientWrapper,
    pub wire: Arc<Wire>,
    pub endpoint: Endpoint,
}

/// The server a connection went to, to reach it again for a cancel request.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub host: Host,
    pub encrypted: bool,
    pub settings: Arc<Settings>,
}

/// Opens a connection to the first server that answers and fits, with the settings' retries.
pub(crate) async fn open(settings: &Arc<Settings>, scrub: &Scrubber) -> Result<Opened> {
    let mut attempt = 0;
    loop {
        match open_once(settings, scrub).await {
            Err(failure) if failure.passing && attempt < settings.retries => {
                attempt += 1;
                tokio::time::sleep(Duration::from_millis(500 * u64::from(attempt.min(10)))).await;
            }
            Err(failure) => return Err(failure.into_error(settings)),
            Ok(opened) => return Ok(opened),
        }
    }
}

/// Why a server could not be used, and whether a later attempt may succeed.
struct Failure {
    cause: String,
    sqlstate: Option<String>,
    passing: bool,
    encryption: bool,
}

impl Failure {
    fn network(cause: String) -> Self {
        Self { cause, sqlstate: None, passing: true, encryption: false }
    }

    fn lasting(cause: String) -> Self {
        Self { passing: false, ..Self::network(cause) }
    }

    fn driver(error: &tokio_postgres::Error, scrub: &Scrubber) -> Self {
        let Some(db) = error.as_db_error() else {
            let text = Error::from_driver(error, "", scrub).to_string();
            let cause = text.trim_start_matches("lost the connection to : ").to_owned();
            let encryption = cause.contains("TLS");
            return Self {
                encryption,
                passing: !cause.starts_with("invalid configuration"),
                ..Self::network(cause)
            };
        };
        let db = DbError::from_driver(db, scrub);
        let cause = match &db.detail {
            Some(detail) => format!("{}: {detail}", db.message),
            None => db.message.clone(),
        };
        // 57P03: starting up or shutting down. 53300: too many connections.
        let passing = matches!(db.sqlstate.as_str(), "57P03" | "53300");
        // 28000 also says that pg_hba.conf wants the other kind of encryption.
        let encryption = db.sqlstate == "28000";
        Self { cause, sqlstate: Some(db.sqlstate), passing, encryption }
    }

    fn into_error(self, settings: &Settings) -> Error {
        let hint = hint(self.sqlstate.as_deref(), &self.cause, settings);
        Error::Connect { target: settings.target(), cause: self.cause, hint, sqlstate: self.sqlstate }
    }
}

fn hint(sqlstate: Option<&str>, cause: &str, settings: &Settings) -> String {
    match sqlstate {
        Some("28P01") => format!(
            "check the password of `{}`: in the URL or profile, in PGPASSWORD, or in ~/.pgpass (mode 0600)",
            settings.login()
        ),
        Some("28000") => "check the user's name and the server's pg_hba.conf; it may want TLS (sslmode=require)".to_owned(),
        Some("3D000") => format!("create it with `createdb {}` or name another one", settings.database()),
        Some("53300") => "use fewer threads, or raise max_connections on the server".to_owned(),
        Some("22023") if cause.starts_with("role ") => {
            "create the role, or correct `role` in the profile".to_owned()
        }
        Some("57P03") => "the server is starting or stopping: try again in a moment".to_owned(),
        _ if cause.contains("password missing") => {
            "the server wants a password: give it in the URL or profile, in PGPASSWORD, or in ~/.pgpass (mode 0600)".to_owned()
        }
        _ if cause.contains("certificate") || cause.contains("TLS") => {
            "check sslmode, sslrootcert, sslcert and sslkey".to_owned()
        }
        _ => "check host and port, and that the server is running and reachable from here".to_owned(),
    }
}

async fn open_once(settings: &Arc<Settings>, scrub: &Scrubber) -> std::result::Result<Opened, Failure> {
    let mut last = Failure::lasting("no server is named".to_owned());
    for host in settings.servers() {
        let attempt = open_host(settings, &host, scrub);
        match tokio::time::timeout(settings.connect_timeout, attempt).await {
            Ok(Ok(opened)) => return Ok(opened),
            Ok(Err(failure)) => last = failure,
            Err(_) => {
                last = Failure::network(format!("no answer in {} s", settings.connect_timeout.as_secs()));
            }
        }
    }
    Err(last)
}

/// One server: the tries that the `sslmode` allows, in libpq's order.
async fn open_host(
    settings: &Arc<Settings>,
    host: &Host,
    scrub: &Scrubber,
) -> std::result::Result<Opened, Failure> {
    use tokio_postgres::config::SslMode::{Disable, Prefer, Require};
    let (first, second) = match settings.sslmode {
        _ if host.is_socket() => (Disable, None),
        SslMode::Disable => (Disable, None),
        SslMode::Allow => (Disable, Some(Require)),
        SslMode::Prefer => (Prefer, Some(Disable)),
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => (Require, None),
    };
    match (open_with(settings, host, first, scrub).await, second) {
        (Err(failure), Some(mode)) if failure.encryption => {
            // The first refusal says more than the second, unless the second gets further.
            open_with(settings, host, mode, scrub)
                .await
                .map_err(|again| if again.encryption { failure } else { again })
        }
        (result, _) => result,
    }
}

async fn open_with(
    settings: &Arc<Settings>,
    host: &Host,
    mode: tokio_postgres::config::SslMode,
    scrub: &Scrubber,
) -> std::result::Result<Opened, Failure> {
    let wire = Arc::new(Wire::default());
    let socket = Socket::connect(settings, host)
        .await
        .map_err(|error| Failure::network(socket_cause(host, &error)))?;
    let config = driver_config(settings, mode);
    let plain = mode == tokio_postgres::config::SslMode::Disable;
    let (client, (parameters, task)) = if plain {
        let stream = Tapped::new(socket, wire.clone());
        let connected = config.connect_raw(stream, NoTls).await;
        let (client, connection) = connected.map_err(|error| Failure::driver(&error, scrub))?;
        (client, drive(connection, &wire, scrub))
    } else {
        let tls_config =
            tls::configuration(settings).map_err(|cause| Failure::lasting(format!("set up TLS: {cause}")))?;
        let connector = tls::connector::<Tapped<Socket>>(tls_config, &host.name, wire.clone())
            .map_err(Failure::lasting)?;
        let stream = Tapped::asking_for_tls(socket, wire.clone());
        let connected = config.connect_raw(stream, connector).await;
        let (client, connection) = connected.map_err(|error| Failure::driver(&error, scrub))?;
        (client, drive(connection, &wire, scrub))
    };
    prepare(&client, settings, &parameters, scrub).await?;
    let endpoint = Endpoint { host: host.clone(), encrypted: !plain, settings: settings.clone() };
    Ok(Opened { client: ClientWrapper::new(client, task), wire, endpoint })
}

fn socket_cause(host: &Host, error: &io::Error) -> String {
    if host.is_socket() {
        return format!("socket {}/.s.PGSQL.{}: {error}", host.name, host.port);
    }
    format!("{}:{}: {error}", host.name, host.port)
}

fn driver_config(settings: &Settings, mode: tokio_postgres::config::SslMode) -> tokio_postgres::Config {
    let mut config = tokio_postgres::Config::new();
    config.user(settings.login()).dbname(settings.database()).ssl_mode(mode);
    if let Some(password) = &settings.password {
        config.password(password.reveal());
    }
    if let Some(options) = &settings.options {
        config.options(options);
    }
    config.application_name(settings.application_name.as_deref().unwrap_or("data platform"));
    config
}

/// What the server said about itself at the start.
struct Parameters {
    date_style: Option<String>,
}

/// Drives the connection on a task of its own until the client is dropped; keeps the notices.
fn drive<S, T>(
    mut connection: Connection<S, T>,
    wire: &Arc<Wire>,
    scrub: &Scrubber,
) -> (Parameters, JoinHandle<()>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let parameters = Parameters { date_style: connection.parameter("DateStyle").map(str::to_owned) };
    let (wire, scrub) = (wire.clone(), scrub.clone());
    let task = tokio::spawn(async move {
        while let Some(Ok(message)) = std::future::poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notice(notice) = message {
                wire.notice(DbError::from_driver(&notice, &scrub));
            }
        }
        wire.settle();
    });
    (parameters, task)
}

/// Brings a fresh session into the wanted state, in one round trip where one is needed at all.
async fn prepare(
    client: &Client,
    settings: &Settings,
    parameters: &Parameters,
    scrub: &Scrubber,
) -> std::result::Result<(), Failure> {
    let mut statements = Vec::new();
    if parameters.date_style.as_deref().is_some_and(|style| !style.starts_with("ISO")) {
        statements.push("set datestyle to 'ISO'".to_owned());
    }
    if let Some(role) = &settings.role {
        statements.push(format!("set role {}", role_text(role)));
    }
    if let Some(path) = &settings.search_path {
        let path = platform_core::relation::quote_literal(path);
        statements.push(format!("select pg_catalog.set_config('search_path', {path}, false)"));
    }
    if !statements.is_empty() {
        client.batch_execute(&statements.join(";")).await.map_err(|error| Failure::driver(&error, scrub))?;
    }
    if settings.target_session_attrs != SessionAttrs::Any {
        let rows = client.simple_query("show transaction_read_only").await;
        let rows = rows.map_err(|error| Failure::driver(&error, scrub))?;
        let read_only = rows.iter().any(
            |row| matches!(row, tokio_postgres::SimpleQueryMessage::Row(row) if row.get(0) == Some("on")),
        );
        if read_only != (settings.target_session_attrs == SessionAttrs::ReadOnly) {
            let mode = if read_only { "read only" } else { "open for writes" };
            return Err(Failure::lasting(format!(
                "the server is {mode}, target_session_attrs wants another"
            )));
        }
    }
    Ok(())
}

/// A role as a profile writes it: quoted or plain as given, quoted where it must be.
fn role_text(role: &str) -> String {
    let plain = role.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !role.starts_with(|c: char| c.is_ascii_digit());
    // `set role` takes a name or a text.
    let quoted = |mark: char| {
        let inner = role.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
        inner.is_some_and(|inner| !inner.replace(&format!("{mark}{mark}"), "").contains(mark))
    };
    if plain || quoted('"') || quoted('\'') {
        return role.to_owned();
    }
    platform_core::relation::quote_identifier(role)
}

impl Endpoint {
    /// A second connection to the same server, for a cancel request. Ends when the statement's process was
    /// signalled: the server closes the connection only then, and a statement sent before might be ended
    /// in place of the one that was meant (PostgreSQL manual, 55.2.8).
    pub async fn cancel(&self, token: &tokio_postgres::CancelToken) -> std::result::Result<(), String> {
        let socket = Socket::connect(&self.settings, &self.host).await;
        let (socket, mut twin) = socket.and_then(Socket::twins).map_err(|error| error.to_string())?;
        let sent = if self.encrypted {
            let config = tls::configuration(&self.settings)?;
            let wire = Arc::new(Wire::default());
            token.cancel_query_raw(socket, tls::connector::<Socket>(config, &self.host.name, wire)?).await
        } else {
            token.cancel_query_raw(socket, NoTls).await
        };
        sent.map_err(|error| error.to_string())?;
        let closed = async { while matches!(twin.read(&mut [0; 64]).await, Ok(1..)) {} };
        // A server that doesn't close it in time was told nevertheless.
        let _ = tokio::time::timeout(self.settings.connect_timeout, closed).await;
        Ok(())
    }
}

/// A TCP or unix socket.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    async fn connect(settings: &Settings, host: &Host) -> io::Result<Self> {
        if let Some(name) = host.name.strip_prefix('@') {
            let path = format!("\0{name}/.s.PGSQL.{}", host.port);
            return Ok(Self::Unix(UnixStream::connect(path).await?));
        }
        if host.is_socket() {
            let path = format!("{}/.s.PGSQL.{}", host.name.trim_end_matches('/'), host.port);
            return Ok(Self::Unix(UnixStream::connect(path).await?));
        }
        let stream = TcpStream::connect((host.name.as_str(), host.port)).await?;
        stream.set_nodelay(true)?;
        if let Some(idle) = settings.keepalives_idle {
            let keepalive = socket2::TcpKeepalive::new().with_time(idle);
            socket2::SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
        } else {
            socket2::SockRef::from(&stream).set_keepalive(true)?;
        }
        Ok(Self::Tcp(stream))
    }

    /// The same socket twice: one to be used up, one to hear when the server closes it.
    fn twins(self) -> io::Result<(Self, Self)> {
        Ok(match self {
            Self::Tcp(stream) => {
                let stream = stream.into_std()?;
                let twin = Self::Tcp(TcpStream::from_std(stream.try_clone()?)?);
                (Self::Tcp(TcpStream::from_std(stream)?), twin)
            }
            Self::Unix(stream) => {
                let stream = stream.into_std()?;
                let twin = Self::Unix(UnixStream::from_std(stream.try_clone()?)?);
                (Self::Unix(UnixStream::from_std(stream)?), twin)
            }
        })
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Unix(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
