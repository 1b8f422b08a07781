//! COPY in both directions, streamed with back-pressure.

use crate::session::{Shared, Turn};
use crate::wire::Wire;
use crate::{Error, Result};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use std::pin::Pin;
use std::sync::Arc;
use tokio_postgres::{CopyInSink, CopyOutStream};

/// The way into `copy … from stdin`. Dropped without [`CopySink::finish`], the server discards it all.
pub struct CopySink {
    sink: Pin<Box<CopyInSink<Bytes>>>,
    wire: Arc<Wire>,
    turn: Turn,
    shared: Arc<Shared>,
}

impl CopySink {
    pub(crate) fn new(sink: CopyInSink<Bytes>, wire: Arc<Wire>, turn: Turn, shared: Arc<Shared>) -> Self {
        Self { sink: Box::pin(sink), wire, turn, shared }
    }

    /// Sends a chunk; waits while the server is behind. Chunks of 64 KiB to 1 MiB are best; they need
    /// not end at a row's end. Fails soon after the server has refused a row.
    pub async fn send(&mut self, chunk: Bytes) -> Result<()> {
        if !self.wire.refused() {
            match self.sink.send(chunk).await {
                Ok(()) => return Ok(()),
                Err(error) if !self.wire.refused() => return Err(self.error(&error)),
                Err(_) => {}
            }
        }
        // The server has given up on the copy; its reason comes with the end.
        match self.sink.as_mut().finish().await {
            Err(reason) => {
                self.wire.settled().await;
                Err(self.error(&reason))
            }
            Ok(_) => Err(Error::Unsupported("the copy ended before its data")),
        }
    }

    /// Ends the copy; gives the number of rows.
    pub async fn finish(mut self) -> Result<u64> {
        let result = self.sink.as_mut().finish().await;
        let result = result.map_err(|error| self.error(&error));
        if result.is_err() {
            self.wire.settled().await;
        }
        self.turn.finish();
        result
    }

    fn error(&self, error: &tokio_postgres::Error) -> Error {
        Error::from_driver(error, &self.shared.target, &self.shared.scrub)
    }
}

/// What comes out of `copy … to stdout`.
pub struct CopyStream {
    stream: Pin<Box<CopyOutStream>>,
    wire: Arc<Wire>,
    turn: Option<Turn>,
    shared: Arc<Shared>,
}

impl CopyStream {
    pub(crate) fn new(stream: CopyOutStream, wire: Arc<Wire>, turn: Turn, shared: Arc<Shared>) -> Self {
        Self { stream: Box::pin(stream), wire, turn: Some(turn), shared }
    }

    /// The next chunk (a row, in text and CSV formats), or `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        match self.stream.next().await {
            Some(Ok(chunk)) => Ok(Some(chunk)),
            Some(Err(error)) => {
                self.wire.settled().await;
                self.finish();
                Err(Error::from_driver(&error, &self.shared.target, &self.shared.scrub))
            }
            None => {
                self.finish();
                Ok(None)
            }
        }
    }

    /// The answers have been read to their end.
    fn finish(&mut self) {
        if let Some(turn) = self.turn.take() {
            turn.finish();
        }
    }
}
