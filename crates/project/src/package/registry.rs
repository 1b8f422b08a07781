//! The registry of packages: which versions a package has, and where each is downloaded.

use crate::context::shared::DBT_VERSION;
use crate::package::download;
use crate::package::error::Error;
use crate::package::version::{Range, Version};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// dbt's registry.
const HUB: &str = "https://hub.getdbt.com/";

/// A registry.
#[derive(Clone, Debug)]
pub struct Registry {
    base: String,
}

/// One version of a package.
#[derive(Clone, Debug)]
pub struct Release {
    /// The package, by its present name.
    pub package: String,
    /// The version.
    pub version: Version,
    /// As the registry writes it.
    pub text: String,
    /// The name of its project.
    pub name: String,
    /// The newest version that would do if any were wanted.
    pub newest: String,
    /// Where its archive is.
    pub tarball: String,
}

#[derive(Deserialize)]
struct Listing {
    #[serde(default)]
    redirectnamespace: Option<String>,
    #[serde(default)]
    redirectname: Option<String>,
    versions: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(default)]
    require_dbt_version: Option<Value>,
    downloads: Downloads,
}

#[derive(Deserialize)]
struct Downloads {
    tarball: String,
}

impl Registry {
    /// The registry at an address (`DBT_PACKAGE_HUB_URL`), dbt's by default.
    pub fn new(base: Option<&str>) -> Self {
        let base = base.filter(|base| !base.is_empty()).unwrap_or(HUB);
        Self { base: format!("{}/", base.trim_end_matches('/')) }
    }

    /// The newest release within all ranges that works with this version of dbt.
    pub fn find(&self, package: &str, ranges: &[String], prerelease: bool) -> Result<Release, Error> {
        let (package, listing) = self.listing(package)?;
        let wanted = parsed(&package, ranges)?;
        let exact = wanted.iter().any(Range::is_exact);
        let mut known: Vec<(Version, &String, &Entry)> = listing
            .versions
            .iter()
            .filter_map(|(text, entry)| Some((Version::parse(text)?, text, entry)))
            .collect();
        known.sort_by(|left, right| left.0.cmp(&right.0));
        let usual: Vec<_> = known
            .iter()
            .filter(|(version, _, _)| exact || prerelease || !version.is_prerelease())
            .filter(|(_, _, entry)| exact || fits(entry))
            .collect();
        let newest = usual.last().map(|(_, text, _)| (*text).clone()).unwrap_or_default();
        let chosen =
            usual.iter().rev().find(|(version, _, _)| wanted.iter().all(|range| range.accepts(version)));
        let Some((version, text, entry)) = chosen else {
            let known: Vec<String> = usual.iter().map(|(_, text, _)| (*text).clone()).collect();
            return Err(Error::NoVersion { package, wanted: ranges.join(", "), known: known.join(", ") });
        };
        Ok(Release {
            package,
            version: version.clone(),
            text: (*text).clone(),
            name: entry.name.clone(),
            newest,
            tarball: entry.downloads.tarball.clone(),
        })
    }

    /// What the registry knows of a package, by its present name.
    fn listing(&self, package: &str) -> Result<(String, Listing), Error> {
        let mut package = package.to_owned();
        // A package that moved says where to; one that moves in a circle is not followed for ever.
        for _ in 0..4 {
            let url = format!("{}api/v1/{package}.json", self.base);
            let bytes = download::get(&url)?.ok_or_else(|| Error::Unknown(package.clone()))?;
            let listing: Listing = serde_json::from_slice(&bytes)
                .map_err(|error| Error::Download { url, why: format!("this is no package: {error}") })?;
            let (namespace, name) = package.split_once('/').unwrap_or(("", &package));
            let moved = format!(
                "{}/{}",
                listing.redirectnamespace.as_deref().unwrap_or(namespace),
                listing.redirectname.as_deref().unwrap_or(name)
            );
            if moved == package || namespace.is_empty() {
                return Ok((package, listing));
            }
            package = moved;
        }
        Err(Error::Unknown(package))
    }
}

fn parsed(package: &str, ranges: &[String]) -> Result<Vec<Range>, Error> {
    let texts = ranges.iter().flat_map(|range| range.split(',')).map(str::trim);
    texts
        .map(|text| {
            Range::parse(text).ok_or_else(|| Error::NoVersion {
                package: package.to_owned(),
                wanted: text.to_owned(),
                known: "(this is no version: write `1.2.3` or `[\">=1.0.0\", \"<2.0.0\"]`)".to_owned(),
            })
        })
        .collect()
}

/// Whether a release works with this version of dbt; one that says nothing does.
fn fits(entry: &Entry) -> bool {
    let texts: Vec<&str> = match &entry.require_dbt_version {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(text)) => vec![text],
        _ => Vec::new(),
    };
    let installed = Version::parse(DBT_VERSION).unwrap_or_default();
    let ranges = texts.iter().flat_map(|text| text.split(',')).filter_map(Range::parse);
    ranges.into_iter().all(|range| range.accepts(&installed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn registry(folder: &std::path::Path) -> Registry {
        let api = folder.join("api/v1/old");
        std::fs::create_dir_all(&api).expect("a folder");
        std::fs::create_dir_all(folder.join("api/v1/new")).expect("a folder");
        let entry = |dbt: Value| json!({"name": "thing", "require_dbt_version": dbt, "downloads": {"tarball": "file:///x.tar.gz"}});
        let versions = json!({
            "0.9.0": entry(json!([">=0.20.0", "<1.0.0"])), "1.9.0": entry(json!([])), "1.10.0": entry(json!(">=1.3.0,<2.0.0")),
            "2.0.0-rc1": entry(json!([])), "3.0.0": entry(json!([">=2.0.0"])),
        });
        let old = json!({"redirectnamespace": "new", "redirectname": null, "versions": versions});
        let new = json!({"redirectnamespace": null, "redirectname": null, "versions": versions});
        std::fs::write(api.join("thing.json"), old.to_string()).expect("written");
        std::fs::write(folder.join("api/v1/new/thing.json"), new.to_string()).expect("written");
        Registry::new(Some(&format!("file://{}", folder.display())))
    }

    #[test]
    fn finds_the_newest_that_fits_and_follows_moves() {
        let folder = tempfile::tempdir().expect("a folder");
        let registry = registry(folder.path());
        let find = |ranges: &[&str], prerelease: bool| {
            let ranges: Vec<String> = ranges.iter().map(|it| (*it).to_owned()).collect();
            registry.find("old/thing", &ranges, prerelease).map(|release| (release.package, release.text))
        };
        let is = |found: Result<(String, String), Error>, version: &str| {
            let (package, text) = found.expect("found");
            assert_eq!((package.as_str(), text.as_str()), ("new/thing", version));
        };
        is(find(&[">=1.0.0", "<4.0.0"], false), "1.10.0");
        is(find(&[">=1.0.0,<1.10.0"], false), "1.9.0");
        is(find(&[">=1.0.0"], true), "2.0.0-rc1");
        is(find(&["3.0.0"], false), "3.0.0");
        let refused = find(&[">=5.0.0"], false).expect_err("there is none");
        assert!(refused.to_string().contains("Compatible versions: 1.9.0, 1.10.0"), "{refused}");
        assert!(matches!(registry.find("a/b", &[], false), Err(Error::Unknown(_))));
    }
}
