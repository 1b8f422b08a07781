//! Secrets: passwords that cannot be printed, and the scrubber that takes them out of texts.

use std::sync::Arc;

/// A password. Neither `Debug` nor `Display` shows it; only [`Secret::reveal`] does.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Wraps a password.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The password itself, for the one place that must send it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Secret(***)")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// Replaces a connection's password in every text that leaves this crate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scrubber {
    secrets: Vec<Secret>,
}

impl Scrubber {
    /// Scrubs `password`, unless it is one of the `public` names (user, database): a password that
    /// equals them is no secret, and scrubbing it would spoil every message.
    pub fn new(password: Option<&Secret>, public: &[&str]) -> Self {
        let secrets = password
            .filter(|secret| secret.reveal().len() > 3 && !public.contains(&secret.reveal()))
            .into_iter()
            .cloned()
            .collect();
        Self { secrets }
    }

    /// The text without secrets.
    pub fn clean(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.reveal(), "*****"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("canary")), "Secret(***)");
    }

    #[test]
    fn scrubs_the_password_but_not_well_known_names() {
        let scrub = Scrubber::new(Some(&Secret::new("canary")), &["alice"]);
        assert_eq!(scrub.clean("password canary of alice"), "password ***** of alice");
        let scrub = Scrubber::new(Some(&Secret::new("alice")), &["alice"]);
        assert_eq!(scrub.clean("role alice"), "role alice");
    }
}
