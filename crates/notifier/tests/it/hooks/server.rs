//! A scripted HTTP server on this machine.

use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What the server does with a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Status, further header lines, body.
    Reply(u16, Vec<String>, String),
    /// Reads the request and closes the line.
    Drop,
    /// 200, and then a megabyte.
    Endless,
}

impl Answer {
    pub fn status(status: u16) -> Self {
        Self::Reply(status, Vec::new(), "no".to_owned())
    }

    pub fn ok(body: &str) -> Self {
        Self::Reply(200, Vec::new(), body.to_owned())
    }

    pub fn header(self, line: &str) -> Self {
        match self {
            Self::Reply(status, mut headers, body) => {
                headers.push(line.to_owned());
                Self::Reply(status, headers, body)
            }
            other => other,
        }
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub line: String,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a header; empty without it.
    pub fn header(&self, name: &str) -> String {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// A running server. Its answers come in order; the last one again and again.
pub struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

impl Server {
    pub async fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let kept = requests.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, answers) = (kept.clone(), answers.clone());
                tokio::spawn(async move { serve(stream, &kept, &answers).await });
            }
        });
        Self { address, requests, task }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("requests").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, kept: &Mutex<Vec<Request>>, answers: &[Answer]) {
    while let Some(request) = read(&mut stream).await {
        let number = {
            let mut kept = kept.lock().expect("requests");
            kept.push(request);
            kept.len() - 1
        };
        let text = match &answers[number.min(answers.len() - 1)] {
            Answer::Drop => return,
            Answer::Endless => {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000000\r\n\r\n";
                format!("{head}{}", "x".repeat(1_000_000))
            }
            Answer::Reply(status, headers, body) => {
                let more: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
                format!("HTTP/1.1 {status} word\r\n{more}Content-Length: {}\r\n\r\n{body}", body.len())
            }
        };
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The next request; `None` at the end of the line.
async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let line = lines.next()?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length =
        headers.iter().find(|(key, _)| key == "content-length").and_then(|(_, value)| value.parse().ok());
    let mut body = bytes.split_off(end + 4);
    while body.len() < length.unwrap_or(0) {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Request { line, headers, body })
}
