//! Mails: letters as finished RFC 5322 bytes, the same bytes for the same letter.

mod mime;
mod part;
mod templates;

pub(crate) use mime::{Envelope, domain, plainer, write};
pub(crate) use part::part;
pub(crate) use templates::Templates;
