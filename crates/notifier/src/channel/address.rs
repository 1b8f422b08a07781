//! Addresses of SMTP servers: `smtp://user:password@host:587`.

/// Where and as whom.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub host: String,
    pub port: u16,
    /// TLS from the first byte.
    pub wrapped: bool,
    pub login: Option<(String, String)>,
}

impl Address {
    /// Reads an address. Errors never repeat it: it may hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let shape = || "the address must look like smtp://user:password@host:587 or smtps://…:465".to_owned();
        let (scheme, rest) = text.split_once("://").ok_or_else(shape)?;
        let wrapped = match scheme {
            "smtp" => false,
            "smtps" => true,
            _ => return Err(shape()),
        };
        let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, rest),
        };
        let login = match login {
            Some(login) => {
                let (user, password) = login.split_once(':').unwrap_or((login, ""));
                Some((decoded(user).ok_or_else(shape)?, decoded(password).ok_or_else(shape)?))
            }
            None => None,
        };
        let default = if wrapped { 465 } else { 587 };
        let (host, port) = if let Some(bracketed) = place.strip_prefix('[') {
            let (host, after) = bracketed.split_once(']').ok_or_else(shape)?;
            (host, after.strip_prefix(':'))
        } else {
            place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port)))
        };
        let port = port.map_or(Ok(default), |port| port.parse().map_err(|_| shape()))?;
        if host.is_empty() {
            return Err(shape());
        }
        Ok(Self { host: host.to_owned(), port, wrapped, login })
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// Percent-decoding (RFC 3986, 2.1).
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_never_repeated() {
        let address = Address::parse("smtp://me%40example.com:p%3Ass@mail.example.com").expect("an address");
        assert_eq!((address.host.as_str(), address.port, address.wrapped), ("mail.example.com", 587, false));
        assert_eq!(address.login, Some(("me@example.com".to_owned(), "p:ss".to_owned())));
        let local = Address::parse("smtps://[::1]").expect("an address");
        assert_eq!((local.port, local.is_loopback()), (465, true));
        for wrong in
            ["http://canary@x", "canary", "smtp://canary:%zz@x", "smtp://u:canary@x:port", "smtp://u:canary@"]
        {
            let problem = Address::parse(wrong).err().expect("is wrong");
            assert!(!problem.contains("canary"));
        }
    }
}
