//! Listening on the wire: what the server says about a simple query and the driver does not pass on.
//!
//! The simple query protocol answers with the types of the columns (RowDescription), the command tag
//! (CommandComplete) and the state of the transaction (ReadyForQuery), for any number of statements in
//! one round trip. The driver gives names and a row count only. So the stream under the driver is
//! [`Tapped`]: it hands every byte on and notes these three messages in a [`Wire`]
//! (PostgreSQL manual, 55.7: a type byte, then a length of four bytes that counts itself).

use crate::error::DbError;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio_postgres::tls::{ChannelBinding, TlsStream};

/// What one connection's server said. Shared by the stream that listens and the session that asks.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    recording: AtomicBool,
    transaction: AtomicU8,
    copy: AtomicU8,
    refused: AtomicBool,
    settling: AtomicBool,
    settled: Notify,
    answers: Mutex<VecDeque<Answer>>,
    notices: Mutex<Vec<DbError>>,
}

/// A message that answers a statement.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// RowDescription: type and type modifier of each column.
    Columns(Vec<(u32, i32)>),
    /// CommandComplete: the tag.
    Tag(String),
}

impl Wire {
    /// Begins to note answers, forgetting older ones.
    pub fn record(&self) {
        lock(&self.answers).clear();
        self.copy.store(0, Ordering::Release);
        self.recording.store(true, Ordering::Release);
    }

    /// Ends it and gives what was noted.
    pub fn recorded(&self) -> VecDeque<Answer> {
        self.recording.store(false, Ordering::Release);
        std::mem::take(&mut lock(&self.answers))
    }

    /// The transaction's state after the last statement: `I`dle, in a `T`ransaction, or `E`rror.
    pub fn transaction(&self) -> u8 {
        self.transaction.load(Ordering::Acquire)
    }

    /// Waits, after an error, for the server to be ready again: only then the transaction's state is
    /// known, and the driver tells of the error before.
    pub async fn settled(&self) {
        let settled = self.settled.notified();
        if self.settling.load(Ordering::Acquire) {
            settled.await;
        }
    }

    /// The server is ready, or gone.
    pub fn settle(&self) {
        self.settling.store(false, Ordering::Release);
        self.settled.notify_waiters();
    }

    /// Begins to listen for an error that ends a copy.
    pub fn expect_data(&self) {
        self.refused.store(false, Ordering::Release);
    }

    /// Whether the server has sent an error since.
    pub fn refused(&self) -> bool {
        self.refused.load(Ordering::Acquire)
    }

    /// The copy that a simple query began and cannot go on with: `G` in, `H` out, 0 none.
    pub fn copy(&self) -> u8 {
        self.copy.load(Ordering::Acquire)
    }

    /// Keeps a notice for the statement that is running.
    pub fn notice(&self, notice: DbError) {
        lock(&self.notices).push(notice);
    }

    /// The notices since the last call.
    pub fn take_notices(&self) -> Vec<DbError> {
        std::mem::take(&mut lock(&self.notices))
    }

    fn heard(&self, kind: u8, body: &[u8]) {
        match kind {
            b'Z' => {
                self.transaction.store(body.first().copied().unwrap_or(b'I'), Ordering::Release);
                self.settle();
            }
            b'E' => {
                self.refused.store(true, Ordering::Release);
                self.settling.store(true, Ordering::Release);
            }
            b'G' | b'H' if self.recording.load(Ordering::Acquire) => self.copy.store(kind, Ordering::Release),
            b'C' if self.recording.load(Ordering::Acquire) => {
                let tag = body.strip_suffix(&[0]).unwrap_or(body);
                lock(&self.answers).push_back(Answer::Tag(String::from_utf8_lossy(tag).into_owned()));
            }
            b'T' if self.recording.load(Ordering::Acquire) => {
                lock(&self.answers).push_back(Answer::Columns(column_types(body).unwrap_or_default()));
            }
            _ => {}
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// RowDescription: a count, then for each column a name ending in zero, and eighteen bytes of which
/// the seventh to tenth are the type and the thirteenth to sixteenth its modifier.
fn column_types(body: &[u8]) -> Option<Vec<(u32, i32)>> {
    let (count, mut rest) = body.split_first_chunk::<2>()?;
    let mut columns = Vec::with_capacity(usize::from(u16::from_be_bytes(*count)));
    for _ in 0..u16::from_be_bytes(*count) {
        let name_end = rest.iter().position(|byte| *byte == 0)?;
        let (field, after) = rest.get(name_end + 1..)?.split_first_chunk::<18>()?;
        let number = |at: usize| [field[at], field[at + 1], field[at + 2], field[at + 3]];
        columns.push((u32::from_be_bytes(number(6)), i32::from_be_bytes(number(12))));
        rest = after;
    }
    Some(columns)
}

/// Follows the frames of the server's messages through chunks of any size.
#[derive(Debug)]
struct Frames {
    phase: Phase,
    header: [u8; 5],
    filled: usize,
    body_left: usize,
    body: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
enum Phase {
    /// The server's one-byte answer to a request for TLS comes first.
    TlsAnswer,
    /// In a message's first five bytes.
    Header,
    /// In the rest of a message.
    Body,
    /// What follows is encrypted, or not the protocol.
    Deaf,
}

impl Frames {
    fn new(phase: Phase) -> Self {
        Self { phase, header: [0; 5], filled: 0, body_left: 0, body: Vec::new() }
    }

    fn feed(&mut self, mut bytes: &[u8], wire: &Wire) {
        while let Some(first) = bytes.first() {
            match self.phase {
                Phase::Deaf => return,
                Phase::TlsAnswer => {
                    self.phase = if *first == b'N' { Phase::Header } else { Phase::Deaf };
                    bytes = &bytes[1..];
                }
                Phase::Header => {
                    let take = bytes.len().min(5 - self.filled);
                    self.header[self.filled..self.filled + take].copy_from_slice(&bytes[..take]);
                    self.filled += take;
                    bytes = &bytes[take..];
                    if self.filled == 5 {
                        self.begin_body(wire);
                    }
                }
                Phase::Body => {
                    let take = bytes.len().min(self.body_left);
                    if self.keeps() {
                        self.body.extend_from_slice(&bytes[..take]);
                    }
                    self.body_left -= take;
                    bytes = &bytes[take..];
                    if self.body_left == 0 {
                        self.end_body(wire);
                    }
                }
            }
        }
    }

    fn keeps(&self) -> bool {
        matches!(self.header[0], b'Z' | b'C' | b'T')
    }

    fn begin_body(&mut self, wire: &Wire) {
        let [_, length @ ..] = self.header;
        self.filled = 0;
        self.body.clear();
        match usize::try_from(u32::from_be_bytes(length)).unwrap_or(0).checked_sub(4) {
            Some(0) => self.end_body(wire),
            Some(length) => {
                self.body_left = length;
                self.phase = Phase::Body;
            }
            None => self.phase = Phase::Deaf,
        }
    }

    fn end_body(&mut self, wire: &Wire) {
        wire.heard(self.header[0], &self.body);
        self.phase = Phase::Header;
    }
}

/// A stream that is listened to.
#[derive(Debug)]
pub(crate) struct Tapped<S> {
    stream: S,
    frames: Frames,
    wire: Arc<Wire>,
}

impl<S> Tapped<S> {
    /// A stream that speaks the protocol from its first byte.
    pub fn new(stream: S, wire: Arc<Wire>) -> Self {
        Self { stream, frames: Frames::new(Phase::Header), wire }
    }

    /// A stream on which TLS is asked for first: with it, this layer goes deaf.
    pub fn asking_for_tls(stream: S, wire: Arc<Wire>) -> Self {
        Self { stream, frames: Frames::new(Phase::TlsAnswer), wire }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tapped<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let this = &mut *self;
        let polled = Pin::new(&mut this.stream).poll_read(context, buffer);
        if let Poll::Ready(Ok(())) = polled {
            this.frames.feed(&buffer.filled()[before..], &this.wire);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tapped<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Tapped<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.stream.channel_binding()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![kind];
        bytes.extend(u32::try_from(body.len() + 4).unwrap().to_be_bytes());
        bytes.extend(body);
        bytes
    }

    fn answer_stream() -> Vec<u8> {
        let mut description = vec![0, 1, b'a', 0];
        description.extend([0, 0, 0, 0, 0, 0, 0, 0, 6, 164, 255, 255, 0, 10, 0, 6, 0, 0]);
        [
            message(b'T', &description),
            message(b'D', &[0; 300]),
            message(b'C', b"SELECT 1\0"),
            message(b'I', b""),
            message(b'Z', b"T"),
        ]
        .concat()
    }

    proptest::proptest! {
        #[test]
        fn chunks_of_any_size_give_the_same_answers(size in 1_usize..400) {
            let wire = Wire::default();
            wire.record();
            let mut frames = Frames::new(Phase::Header);
            for chunk in answer_stream().chunks(size) {
                frames.feed(chunk, &wire);
            }
            proptest::prop_assert_eq!(wire.transaction(), b'T');
            let answers: Vec<Answer> = wire.recorded().into();
            proptest::prop_assert_eq!(
                answers,
                vec![Answer::Columns(vec![(1700, 0x000a_0006)]), Answer::Tag("SELECT 1".to_owned())]
            );
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let wire = Wire::default();
            wire.record();
            Frames::new(Phase::Header).feed(&bytes, &wire);
            let _ = column_types(&bytes);
        }
    }

    #[test]
    fn goes_deaf_under_tls_and_listens_without() {
        let wire = Wire::default();
        Frames::new(Phase::TlsAnswer).feed(&[b"S".as_slice(), &answer_stream()].concat(), &wire);
        assert_eq!(wire.transaction(), 0);
        Frames::new(Phase::TlsAnswer).feed(&[b"N".as_slice(), &answer_stream()].concat(), &wire);
        assert_eq!(wire.transaction(), b'T');
    }
}
