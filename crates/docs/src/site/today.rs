//! What a resource is today, for lists and the overview: rows, ages, loads, open incidents.

use super::assemble::Pages;
use super::data::OpenIncident;
use platform_core::ResourceType;
use serde_json::Value;
use std::collections::BTreeMap;

/// Open incidents that the overview shows.
const NEWEST: usize = 6;

/// Longest line of what a failed run said, in characters.
const LINE: usize = 200;

impl Pages<'_> {
    /// Completes every resource's line in the index; gives the incidents that are open.
    pub fn add_today(&mut self) -> Vec<OpenIncident> {
        self.add_rows();
        self.add_loads();
        self.add_words();
        let history = self.input.history;
        for (exposure, open) in &history.open {
            if let Some(place) = self.places.get(exposure) {
                self.briefs[*place].open = Some(*open);
            }
        }
        let mut incidents: Vec<OpenIncident> = Vec::new();
        for (exposure, found) in &history.incidents {
            let Some(on) = self.places.get(exposure).copied() else { continue };
            let open = found.iter().filter(|incident| incident.state != "resolved");
            incidents
                .extend(open.take(NEWEST).map(|incident| OpenIncident { on, incident: incident.clone() }));
        }
        // By number where two came at once: the history has no order, and the site's bytes must.
        incidents.sort_by(|a, b| (&b.incident.at, b.incident.id).cmp(&(&a.incident.at, a.incident.id)));
        incidents.truncate(NEWEST);
        incidents
    }

    /// A table or a seed has as many rows as its last run wrote; of the others the database has an estimate.
    fn add_rows(&mut self) {
        for (brief, detail) in self.briefs.iter_mut().zip(&mut self.details) {
            if let Some(table) = self.input.catalog.table(&brief.id) {
                brief.bytes = table.size.bytes;
                brief.rows = table.size.rows;
                brief.about = brief.rows.is_some();
            }
            let whole = brief.kind == "seed" || brief.materialized == "table";
            let written = detail.history.iter().rev().find(|run| run.status == "success");
            if let Some(rows) = written.and_then(|run| run.rows).filter(|_| whole) {
                (brief.rows, brief.about) = (Some(rows), false);
            }
            // Tests write no rows, views have none to write.
            if matches!(brief.kind, "test" | "unit_test") || brief.materialized == "view" {
                detail.history.iter_mut().for_each(|run| run.rows = None);
            }
        }
    }

    fn add_loads(&mut self) {
        for (brief, detail) in self.briefs.iter_mut().zip(&mut self.details) {
            let Some(last) = detail.loads.first() else { continue };
            brief.at = Some(last.at.clone());
            brief.quarantined = Some(last.quarantined).filter(|rows| *rows > 0);
            if last.state == "failed" {
                brief.status = Some("error".to_owned());
                detail.message = last.error.clone().or(detail.message.take());
            }
            if brief.newest.is_none() {
                let loaded = detail.loads.iter().find(|load| load.state == "loaded");
                brief.newest = loaded.map(|load| load.at.clone());
            }
        }
    }

    fn add_words(&mut self) {
        for (brief, detail) in self.briefs.iter_mut().zip(&self.details) {
            let good = matches!(brief.status.as_deref(), None | Some("success" | "pass" | "no-op"));
            let line =
                detail.message.as_deref().and_then(|text| text.lines().find(|line| !line.trim().is_empty()));
            brief.said = line.filter(|_| !good).map(|line| line.trim().chars().take(LINE).collect());
        }
    }

    /// Versions of one model onto each other's pages.
    pub fn link_versions(&mut self) {
        let nodes = self.input.manifest.nodes.values();
        let versioned = nodes.filter(|node| {
            node.resource_type == ResourceType::Model
                && node.only.version.as_ref().is_some_and(|it| !it.is_null())
        });
        let mut families: BTreeMap<(&str, &str), Vec<(usize, String)>> = BTreeMap::new();
        for node in versioned {
            let Some(place) = self.places.get(&node.unique_id) else { continue };
            let version = node.only.version.as_ref().map(super::facts::plain).unwrap_or_default();
            let latest = node
                .only
                .latest_version
                .as_ref()
                .is_some_and(|latest: &Value| super::facts::plain(latest) == version);
            let name = format!("v{version}{}", if latest { ", the latest" } else { "" });
            families.entry((&node.package_name, &node.name)).or_default().push((*place, name));
        }
        for family in families.into_values() {
            for (place, _) in &family {
                self.details[*place].versions.clone_from(&family);
            }
        }
    }
}
