//! A server for the site: loopback by default, GET and HEAD only, no path ever joined from a request.
//!
//! The files of the folder are listed first and requests are looked up in that list, so that `..`, encoded
//! slashes, absolute paths and symbolic links can't lead outside. The `Host` header must name the address
//! served, which keeps other sites from reading the pages through a rebound name.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, Response, StatusCode, header};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime};

/// Artifacts that may be read beside the pages, as dbt's own page reads them.
const ARTIFACTS: [&str; 5] =
    ["manifest.json", "catalog.json", "run_results.json", "sources.json", "semantic_manifest.json"];

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data: https:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The folder holds no site.
    #[error("no site in `{}`\nhint: `dp docs generate` writes it", .0.display())]
    NoSite(PathBuf),
    /// The address is taken or not ours.
    #[error("listen on {address}\nhint: another `--port` may be free")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The server stopped by itself.
    #[error("serve the site")]
    Serve(#[from] io::Error),
}

/// Serves the site in `folder`, with the folders of pictures that stand beside it under the names of `assets`, at `address` until `stop` resolves; `started` is told the real address (port 0 is any free one).
pub async fn serve(
    folder: &Path,
    assets: Vec<String>,
    address: SocketAddr,
    started: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let site = Site::list(folder, assets, address.ip().is_loopback());
    if !site.has_page() {
        return Err(ServeError::NoSite(folder.to_owned()));
    }
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(|source| ServeError::Listen { address, source })?;
    started(listener.local_addr()?);
    let router = Router::new().fallback(answer).with_state(Arc::new(site));
    axum::serve(listener, router).with_graceful_shutdown(stop).await?;
    Ok(())
}

struct Site {
    folder: PathBuf,
    assets: Vec<String>,
    loopback_only: bool,
    files: RwLock<BTreeMap<String, PathBuf>>,
}

impl Site {
    fn list(folder: &Path, assets: Vec<String>, loopback_only: bool) -> Self {
        let files = RwLock::new(files(folder, &assets));
        Self { folder: folder.to_owned(), assets, loopback_only, files }
    }

    fn has_page(&self) -> bool {
        self.lookup("/index.html").is_some()
    }

    fn lookup(&self, path: &str) -> Option<PathBuf> {
        let path = if path == "/" { "/index.html" } else { path };
        self.files.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(path).cloned()
    }

    /// A site that was generated again may have more files than before.
    fn lookup_again(&self, path: &str) -> Option<PathBuf> {
        *self.files.write().unwrap_or_else(std::sync::PoisonError::into_inner) =
            files(&self.folder, &self.assets);
        self.lookup(path)
    }
}

/// Address → file: the page, its `site/` folder, pictures and the artifacts; plain files only.
fn files(folder: &Path, assets: &[String]) -> BTreeMap<String, PathBuf> {
    let plain = |path: &Path| path.symlink_metadata().is_ok_and(|data| data.is_file());
    let mut found = BTreeMap::new();
    for name in std::iter::once("index.html").chain(ARTIFACTS) {
        if plain(&folder.join(name)) {
            found.insert(format!("/{name}"), folder.join(name));
        }
    }
    let inside = |name: &&str| Path::new(name).components().all(|step| matches!(step, Component::Normal(_)));
    let names = std::iter::once("site").chain(assets.iter().map(|name| name.trim_matches('/')));
    let mut folders: Vec<(PathBuf, String)> =
        names.filter(inside).map(|name| (folder.join(name), format!("/{name}"))).collect();
    while let Some((inside, address)) = folders.pop() {
        for entry in std::fs::read_dir(&inside).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let below = format!("{address}/{name}");
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push((entry.path(), below)),
                Ok(kind) if kind.is_file() => drop(found.insert(below, entry.path())),
                _ => {}
            }
        }
    }
    found
}

async fn answer(State(site): State<Arc<Site>>, request: Request) -> Response<Body> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return refuse(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered");
    }
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if site.loopback_only && !names_loopback(host) {
        return refuse(StatusCode::MISDIRECTED_REQUEST, "this server answers for localhost only");
    }
    let path = request.uri().path();
    let Some(file) = site.lookup(path).or_else(|| site.lookup_again(path)) else {
        return refuse(StatusCode::NOT_FOUND, "there is no such page");
    };
    let Ok(content) = tokio::fs::read(&file).await else {
        return refuse(StatusCode::NOT_FOUND, "the page is gone; generate the site again");
    };
    let size = content.len();
    let tag = tag(&file, size);
    let known =
        request.headers().get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if known {
        with_status(StatusCode::NOT_MODIFIED, Body::empty())
    } else if request.method() == Method::HEAD {
        with_status(StatusCode::OK, Body::empty())
    } else {
        with_status(StatusCode::OK, Body::from(content))
    };
    let headers = response.headers_mut();
    if request.method() == Method::HEAD && !known {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(&file)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn names_loopback(host: &str) -> bool {
    let name = host.strip_prefix('[').map_or_else(
        || host.rsplit_once(':').map_or(host, |(name, _)| name),
        |rest| rest.split(']').next().unwrap_or_default(),
    );
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Changes whenever the file does: its size and time of change.
fn tag(file: &Path, size: usize) -> String {
    let changed = file.metadata().and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let since = changed.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    format!("\"{:x}-{size:x}\"", since.as_nanos())
}

fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|end| end.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        _ => "application/octet-stream",
    }
}

fn refuse(status: StatusCode, why: &'static str) -> Response<Body> {
    with_status(status, Body::from(why))
}

fn with_status(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn ask(address: SocketAddr, request: &str) -> String {
        let mut socket = tokio::net::TcpStream::connect(address).await.expect("connects");
        socket.write_all(request.as_bytes()).await.expect("writes");
        let mut reply = String::new();
        socket.read_to_string(&mut reply).await.expect("reads");
        reply
    }

    #[tokio::test]
    async fn serves_its_files_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("target");
        std::fs::create_dir_all(root.join("site")).expect("made");
        std::fs::write(root.join("index.html"), "<p>page").expect("written");
        std::fs::write(root.join("site/a.js"), "1").expect("written");
        std::fs::create_dir_all(root.join("pictures")).expect("made");
        std::fs::write(root.join("pictures/a.png"), "png").expect("written");
        std::fs::create_dir_all(folder.path().join("outside")).expect("made");
        std::fs::write(folder.path().join("outside/a.png"), "secret").expect("written");
        std::fs::write(folder.path().join("secret"), "secret").expect("written");
        std::os::unix::fs::symlink(folder.path().join("secret"), root.join("site/link.js")).expect("linked");
        let (tell, told) = tokio::sync::oneshot::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = tokio::spawn(async move {
            let any = SocketAddr::from(([127, 0, 0, 1], 0));
            let assets = vec!["pictures".to_owned(), "../outside".to_owned()];
            serve(&root, assets, any, |address| assert!(tell.send(address).is_ok()), async move {
                drop(stopped.await);
            })
            .await
        });
        let address = told.await.expect("started");
        let get = |path: &str, host: &str| {
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
        };
        let page = ask(address, &get("/", "localhost:8080")).await;
        assert!(
            page.starts_with("HTTP/1.1 200") && page.contains("text/html") && page.ends_with("<p>page"),
            "{page}"
        );
        assert!(ask(address, &get("/site/a.js", "127.0.0.1")).await.contains("text/javascript"));
        assert!(ask(address, &get("/pictures/a.png", "localhost:1")).await.contains("image/png"));
        for path in [
            "/../outside/a.png",
            "/../secret",
            "/%2e%2e/secret",
            "/site/../../secret",
            "/site/link.js",
            "//etc/passwd",
            "/site/%2e%2e%2f..%2fsecret",
        ] {
            let reply = ask(address, &get(path, "localhost")).await;
            assert!(
                reply.starts_with("HTTP/1.1 404") && !reply.contains("\r\n\r\nsecret"),
                "{path}: {reply}"
            );
        }
        assert!(ask(address, &get("/", "evil.example")).await.starts_with("HTTP/1.1 421"));
        let head = "HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        assert!(ask(address, head).await.contains("content-length: 7\r\n"));
        let post = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        assert!(ask(address, post).await.starts_with("HTTP/1.1 405"));
        drop(stop);
        server.await.expect("joins").expect("ends well");
    }
}
