//! Connection strings: libpq's URLs and `keyword=value` lists, read and written.

use super::{Host, SessionAttrs, Settings};
use crate::{Error, Result, Secret};
use std::fmt::Write as _;
use std::time::Duration;

/// Reads a URL or a keyword list.
pub(super) fn parse(text: &str) -> Result<Settings> {
    let text = text.trim();
    for scheme in ["postgres://", "postgresql://"] {
        if let Some(rest) = text.strip_prefix(scheme) {
            return parse_url(rest);
        }
    }
    if text.contains("://") {
        let scheme = text.split("://").next().unwrap_or_default();
        return bad(format!("`{scheme}://` is not postgres; write postgres://user@host:port/dbname"));
    }
    parse_keywords(text)
}

fn bad<T>(problem: impl Into<String>) -> Result<T> {
    Err(Error::Settings { problem: problem.into() })
}

fn parse_url(rest: &str) -> Result<Settings> {
    let mut settings = Settings::default();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    // A password may hold an `@` that nobody encoded: the last one before the path ends it.
    let path_at = rest.rfind('@').unwrap_or(0);
    let (authority, path) = match rest[path_at..].find('/') {
        Some(slash) => (&rest[..path_at + slash], &rest[path_at + slash + 1..]),
        None => (rest, ""),
    };
    let hosts = match authority.rsplit_once('@') {
        Some((login, hosts)) => {
            let (user, password) = match login.split_once(':') {
                Some((user, password)) => (user, Some(password)),
                None => (login, None),
            };
            settings.user = non_empty(decode(user)?);
            settings.password = password.map(decode).transpose()?.and_then(non_empty).map(Secret::new);
            hosts
        }
        None => authority,
    };
    settings.hosts = parse_hosts(hosts)?;
    settings.dbname = non_empty(decode(path)?);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some((keyword, value)) = pair.split_once('=') else {
            return bad(format!("URL parameter `{pair}` has no value"));
        };
        settings.set(&decode(keyword)?, &decode(value)?)?;
    }
    Ok(settings)
}

fn non_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn parse_hosts(text: &str) -> Result<Vec<Host>> {
    let mut hosts = Vec::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (name, port) = if let Some(v6) = part.strip_prefix('[') {
            let Some((name, after)) = v6.split_once(']') else {
                return bad(format!("host `{part}` opens a bracket that it does not close"));
            };
            (name, after.strip_prefix(':'))
        } else {
            match part.split_once(':') {
                Some((name, port)) => (name, Some(port)),
                None => (part, None),
            }
        };
        let port = match port {
            Some(port) if !port.is_empty() => parse_port(port)?,
            _ => Host::DEFAULT_PORT,
        };
        let name = decode(name)?;
        hosts.push(Host::new(if name.is_empty() { "localhost".to_owned() } else { name }, port));
    }
    Ok(hosts)
}

fn parse_port(text: &str) -> Result<u16> {
    match text.trim().parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => bad(format!("port `{text}` is not a number from 1 to 65535")),
    }
}

/// Undoes percent encoding.
fn decode(text: &str) -> Result<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = rest.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let Some(byte) = digits.and_then(|hex| u8::from_str_radix(hex, 16).ok()) else {
            return bad(
                "a `%` in the URL is not followed by two hex digits; write `%25` for the sign itself",
            );
        };
        bytes.push(byte);
        rest = &rest[2..];
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => bad("the URL holds bytes that are not UTF-8 text"),
    }
}

/// Reads `host=localhost port=5433 password='a b'`: quotes by `'`, escapes by `\`.
fn parse_keywords(text: &str) -> Result<Settings> {
    let mut settings = Settings::default();
    let (mut hosts, mut ports) = (None, None);
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.peek().is_none() {
            break;
        }
        let mut keyword = String::new();
        while let Some(c) = chars.next_if(|c| *c != '=' && !c.is_whitespace()) {
            keyword.push(c);
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.next() != Some('=') {
            return bad(
                "expected postgres://user@host:port/dbname or keyword=value pairs such as `host=localhost dbname=shop`",
            );
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let value = keyword_value(&mut chars, &keyword)?;
        match keyword.as_str() {
            "host" | "hostaddr" => hosts = Some(value),
            "port" => ports = Some(value),
            _ => settings.set(&keyword, &value)?,
        }
    }
    if let Some(hosts) = hosts {
        settings.set("host", &hosts)?;
    }
    if let Some(ports) = ports {
        settings.set("port", &ports)?;
    }
    Ok(settings)
}

fn keyword_value(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, keyword: &str) -> Result<String> {
    let quoted = chars.next_if_eq(&'\'').is_some();
    let mut value = String::new();
    loop {
        match chars.next() {
            None if quoted => return bad(format!("the quoted value of `{keyword}` does not end")),
            None => return Ok(value),
            Some('\\') => value.extend(chars.next()),
            Some('\'') if quoted => return Ok(value),
            Some(c) if !quoted && c.is_whitespace() => return Ok(value),
            Some(c) => value.push(c),
        }
    }
}

/// Sets one keyword of libpq.
pub(super) fn set(settings: &mut Settings, keyword: &str, value: &str) -> Result<()> {
    let text = || Some(value.to_owned()).filter(|value| !value.is_empty());
    match keyword {
        "host" | "hostaddr" => set_hosts(settings, value),
        "port" => set_ports(settings, value)?,
        "user" => settings.user = text(),
        "password" => settings.password = text().map(Secret::new),
        "dbname" | "database" => settings.dbname = text(),
        "sslmode" => settings.sslmode = value.parse()?,
        "sslcert" => settings.sslcert = text().map(Into::into),
        "sslkey" => settings.sslkey = text().map(Into::into),
        "sslrootcert" => settings.sslrootcert = text().map(Into::into),
        "connect_timeout" => settings.connect_timeout = Settings::timeout(seconds(keyword, value)?),
        "keepalives_idle" => {
            let idle = seconds(keyword, value)?;
            settings.keepalives_idle = (idle > 0).then(|| Duration::from_secs(idle));
        }
        "search_path" => settings.search_path = text(),
        "role" => settings.role = text(),
        "application_name" | "fallback_application_name" => settings.application_name = text(),
        "options" => settings.options = text(),
        "passfile" => settings.passfile = text().map(Into::into),
        "retries" => settings.retries = u32::try_from(seconds(keyword, value)?).unwrap_or(u32::MAX),
        "target_session_attrs" => {
            settings.target_session_attrs = match value {
                "any" | "prefer-standby" => SessionAttrs::Any,
                "read-write" | "primary" => SessionAttrs::ReadWrite,
                "read-only" | "standby" => SessionAttrs::ReadOnly,
                other => return bad(format!("target_session_attrs `{other}` is not known")),
            }
        }
        // Known to libpq, without effect on what we do.
        "client_encoding"
        | "channel_binding"
        | "keepalives"
        | "keepalives_interval"
        | "keepalives_count"
        | "tcp_user_timeout"
        | "gssencmode"
        | "krbsrvname"
        | "sslcompression"
        | "sslsni"
        | "sslcrl"
        | "sslcrldir"
        | "ssl_min_protocol_version"
        | "ssl_max_protocol_version"
        | "sslnegotiation"
        | "load_balance_hosts"
        | "require_auth" => {}
        other => return bad(format!("`{other}` is not a connection keyword")),
    }
    Ok(())
}

fn set_hosts(settings: &mut Settings, value: &str) {
    let ports: Vec<u16> = settings.hosts.iter().map(|host| host.port).collect();
    let port = |index: usize| {
        ports.get(index).or(ports.first().filter(|_| ports.len() == 1)).copied().unwrap_or(Host::DEFAULT_PORT)
    };
    settings.hosts = value
        .split(',')
        .enumerate()
        .filter(|(_, name)| !name.trim().is_empty())
        .map(|(index, name)| Host::new(name.trim(), port(index)))
        .collect();
}

fn set_ports(settings: &mut Settings, value: &str) -> Result<()> {
    let ports = value.split(',').map(parse_port).collect::<Result<Vec<_>>>()?;
    if settings.hosts.is_empty() {
        settings.hosts = vec![Host::new("localhost", Host::DEFAULT_PORT)];
    }
    if ports.len() != 1 && ports.len() != settings.hosts.len() {
        return bad(format!("{} hosts but {} ports", settings.hosts.len(), ports.len()));
    }
    for (index, host) in settings.hosts.iter_mut().enumerate() {
        host.port = ports[if ports.len() == 1 { 0 } else { index }];
    }
    Ok(())
}

fn seconds(keyword: &str, value: &str) -> Result<u64> {
    match value.trim().parse() {
        Ok(seconds) => Ok(seconds),
        Err(_) => bad(format!("{keyword} `{value}` is not a whole number")),
    }
}

/// Writes a URL that [`parse`] reads.
pub(super) fn to_url(settings: &Settings) -> Secret {
    let mut url = String::from("postgres://");
    encode(&mut url, settings.login());
    if let Some(password) = &settings.password {
        url.push(':');
        encode(&mut url, password.reveal());
    }
    url.push('@');
    for (index, host) in settings.servers().iter().enumerate() {
        if index > 0 {
            url.push(',');
        }
        if host.name.contains(':') {
            let _ = write!(url, "[{}]", host.name);
        } else {
            encode(&mut url, &host.name);
        }
        let _ = write!(url, ":{}", host.port);
    }
    url.push('/');
    encode(&mut url, settings.database());
    Secret::new(url)
}

fn encode(url: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, target: &str, password: Option<&str>) {
        let settings = parse(text).unwrap();
        assert_eq!(settings.target(), target);
        assert_eq!(settings.password.as_ref().map(Secret::reveal), password);
    }

    #[test]
    fn reads_urls() {
        check("postgres://u:p@h:5433/d", "h:5433/d as u", Some("p"));
        check("postgresql://u@h/d", "h:5432/d as u", None);
        check("postgres://u:p%40%2Fx@h/d", "h:5432/d as u", Some("p@/x"));
        check("postgres://u:p@x@h/d", "h:5432/d as u", Some("p@x"));
        check("postgres://u@%2Fvar%2Frun%2Fpg:5444/d", "/var/run/pg:5444/d as u", None);
        check("postgres://u@/d?host=/tmp&port=99", "/tmp:99/d as u", None);
        check("postgres://u@[::1]:7/d", "::1:7/d as u", None);
        check("postgres://u@a:1,b:2/d", "a:1,b:2/d as u", None);
        check("postgres://u@h", "h:5432/u as u", None);
    }

    #[test]
    fn reads_keywords() {
        check("host=h port=7 user=u dbname=d password='a b\\'c'", "h:7/d as u", Some("a b'c"));
        check("user = u host=/tmp,b port=1,2", "/tmp:1,b:2/u as u", None);
        check("dbname=d port=9 user=u", "localhost:9/d as u", None);
    }

    #[test]
    fn names_what_is_wrong_without_the_password() {
        for text in [
            "postgres://u:canary@h:99999/d",
            "postgres://u:canary@h/d?nonsense=1",
            "postgres://u:canary%zz@h/d",
            "mysql://u:canary@h/d",
            "password=canary sslmode=maybe",
            "password='canary",
            "just words canary",
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(!error.contains("canary"), "{text}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_written_url_reads_back(user in "[^\0]{1,12}", password in "[^\0]{1,12}", dbname in "[^\0]{1,12}") {
            let settings = Settings {
                user: Some(user.clone()),
                password: Some(Secret::new(password.clone())),
                dbname: Some(dbname.clone()),
                hosts: vec![Host::new("/tmp/a b", 77)],
                ..Settings::default()
            };
            let again = parse(settings.to_url().reveal()).unwrap();
            proptest::prop_assert_eq!(again.user.as_deref(), Some(user.as_str()));
            proptest::prop_assert_eq!(again.password.as_ref().map(Secret::reveal), Some(password.as_str()));
            proptest::prop_assert_eq!(again.dbname.as_deref(), Some(dbname.as_str()));
            proptest::prop_assert_eq!(again.hosts, settings.hosts);
        }

        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = parse(&text);
            let _ = parse(&format!("postgres://{text}"));
        }
    }
}
