//! The static site: a folder that works from disk, or one file.
//!
//! Pages are drawn in the browser from `index.js` (every resource in brief), `details/NN.js` (loaded as
//! pages need them) and `words.js` (loaded when somebody searches). Scripts and not JSON, since a browser reads no JSON from `file://`.

pub mod assemble;
pub mod data;
mod facts;
mod fixtures;
pub mod layout;
mod links;
mod resources;
mod today;
mod words;

use assemble::Input;
use data::Detail;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use words::Words;

/// Resources a shard of details; a page loads one shard.
const SHARD: usize = 64;

/// Where the page's scripts go.
const HERE: &str = "<!-- scripts -->\n";

const PAGE: &str = include_str!("../../web/index.html");
const STYLE: &str = include_str!("../../web/site.css");
/// Scripts in the order in which the page loads them.
const SCRIPTS: [(&str, &str); 13] = [
    ("platform.js", include_str!("../../web/platform.js")),
    ("text.js", include_str!("../../web/text.js")),
    ("navigation.js", include_str!("../../web/navigation.js")),
    ("search.js", include_str!("../../web/search.js")),
    (
        "dagre.js",
        concat!(
            "/*! ",
            include_str!("../../web/dagre/LICENSE"),
            "*/\n",
            include_str!("../../web/dagre/dagre.min.js")
        ),
    ),
    ("selection.js", include_str!("../../web/selection.js")),
    ("graph.js", include_str!("../../web/graph.js")),
    ("lineage.js", include_str!("../../web/lineage.js")),
    ("columns.js", include_str!("../../web/columns.js")),
    ("tables.js", include_str!("../../web/tables.js")),
    ("today.js", include_str!("../../web/today.js")),
    ("pages.js", include_str!("../../web/pages.js")),
    ("start.js", include_str!("../../web/start.js")),
];

/// Why the site could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// A file could not be written.
    #[error("write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Something in the manifest can't be written as JSON.
    #[error("turn the site's data into JSON")]
    Json(#[from] serde_json::Error),
}

/// Writes the site into `folder`: `index.html` and `site/`. Files that are there already are replaced.
pub fn write(input: &Input<'_>, folder: &Path) -> Result<(), SiteError> {
    for (name, content) in files(input)? {
        let path = folder.join(&name);
        let failed = |source| SiteError::Write { path: path.clone(), source };
        fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(failed)?;
        fs::write(&path, content).map_err(failed)?;
    }
    Ok(())
}

/// The site as one HTML file.
pub fn single_file(input: &Input<'_>) -> Result<String, SiteError> {
    let (index, details) = assemble::assemble(input, usize::MAX);
    let words = Words::of(&index.resources, &details);
    let data = [index_script(&index)?, shard_script(0, &details)?, words_script(&words)?];
    let scripts = data.iter().map(String::as_str).chain(SCRIPTS.iter().map(|(_, script)| *script));
    let scripts: String = scripts.flat_map(|script| ["<script>", script, "</script>\n"]).collect();
    let page =
        PAGE.replace(r#"<link rel="stylesheet" href="site/site.css">"#, &format!("<style>{STYLE}</style>"));
    let page = page.replace("script-src 'self' file:", "script-src 'unsafe-inline'");
    Ok(page.replace(HERE, &scripts))
}

fn files(input: &Input<'_>) -> Result<BTreeMap<String, String>, SiteError> {
    let (index, details) = assemble::assemble(input, SHARD);
    let names = std::iter::once("index.js").chain(SCRIPTS.iter().map(|(name, _)| *name));
    let scripts: String = names.map(|name| format!("<script src=\"site/{name}\"></script>\n")).collect();
    let mut files = BTreeMap::from([
        ("index.html".to_owned(), PAGE.replace(HERE, &scripts)),
        ("site/site.css".to_owned(), STYLE.to_owned()),
        ("site/index.js".to_owned(), index_script(&index)?),
        ("site/words.js".to_owned(), words_script(&Words::of(&index.resources, &details))?),
    ]);
    for (name, script) in SCRIPTS {
        files.insert(format!("site/{name}"), script.to_owned());
    }
    for (number, shard) in details.chunks(SHARD).enumerate() {
        files.insert(format!("site/details/{number}.js"), shard_script(number, shard)?);
    }
    Ok(files)
}

fn index_script(index: &data::Index) -> Result<String, SiteError> {
    Ok(format!(
        "window.platform = {{ index: {}, shards: [] }};\n",
        script_safe(&serde_json::to_string(index)?)
    ))
}

fn words_script(words: &Words) -> Result<String, SiteError> {
    Ok(format!("platform.words = {};\n", script_safe(&serde_json::to_string(words)?)))
}

fn shard_script(number: usize, details: &[Detail]) -> Result<String, SiteError> {
    Ok(format!("platform.shards[{number}] = {};\n", script_safe(&serde_json::to_string(details)?)))
}

/// JSON inside of a script: `</script>`, `<!--` and the two line separators must not stand there as they are.
fn script_safe(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}
