//! What belongs to what: tests, macros and columns, onto each other's pages.

use super::assemble::Pages;
use super::data::{ColumnDetail, Detail};
use crate::lineage::ColumnLineage;
use indexmap::IndexSet;
use platform_core::{ResourceType, UniqueId};

impl Pages<'_> {
    /// Tests onto the pages of what they test.
    pub fn link_tests(&mut self) {
        let manifest = self.input.manifest;
        let tests = manifest.nodes.iter().filter(|(_, node)| node.resource_type == ResourceType::Test);
        for (id, node) in tests {
            let Some(place) = self.places.get(id).copied() else { continue };
            let tested = match &node.only.attached_node {
                Some(tested) => std::slice::from_ref(tested),
                None => node.depends_on.nodes.as_slice(),
            };
            for tested in tested.iter().filter_map(|id| self.places.get(id).copied()) {
                self.details[tested].tests.push(place);
                let name = node.only.column_name.as_deref();
                let mut columns = self.details[tested].columns.iter_mut();
                let column = columns.find(|it| name.is_some_and(|name| it.name.eq_ignore_ascii_case(name)));
                if let Some(column) = column {
                    column.tests.push(place);
                }
            }
        }
        for unit_test in manifest.unit_tests.values() {
            let tested = unit_test.tested_node_unique_id.as_ref().and_then(|id| self.places.get(id));
            if let (Some(tested), Some(place)) = (tested, self.places.get(&unit_test.unique_id)) {
                self.details[*tested].tests.push(*place);
            }
        }
    }

    /// Macros onto the pages of what calls them, and back.
    pub fn link_macros(&mut self) {
        let manifest = self.input.manifest;
        let nodes = manifest.nodes.iter().map(|(id, node)| (id, &node.depends_on.macros));
        let macros = manifest.macros.iter().map(|(id, it)| (id, &it.depends_on.macros));
        for (caller, called) in nodes.chain(macros) {
            let Some(caller) = self.places.get(caller).copied() else { continue };
            for id in called.iter().filter(|id| !is_built_in(id)) {
                let Some(place) = self.places.get(id).copied() else { continue };
                self.details[caller].macros.push(place);
                self.details[place].callers.push(caller);
            }
        }
    }

    /// The names of all columns, each once; a resource's line in the index has their numbers.
    pub fn name_columns(&mut self) -> Vec<String> {
        let mut names: IndexSet<String> = IndexSet::new();
        for (brief, detail) in self.briefs.iter_mut().zip(&self.details) {
            let of_detail = detail.columns.iter().map(|column| names.insert_full(column.name.clone()).0);
            brief.columns = of_detail.collect();
        }
        names.into_iter().collect()
    }

    /// Each column to what it comes from, and back.
    pub fn link_columns(&mut self) {
        let lineage = self.input.lineage;
        for (id, columns) in lineage {
            let Some(place) = self.places.get(id).copied() else { continue };
            match columns {
                // Without a relation in the database, the query says which columns there are.
                Ok(columns) if self.input.catalog.table(id).is_none() => self.add_columns(place, columns),
                Ok(_) => {}
                Err(why) => self.details[place].untraced = Some(why.to_string()),
            }
        }
        for (id, columns) in lineage {
            if let (Some(place), Ok(columns)) = (self.places.get(id).copied(), columns) {
                columns.iter().for_each(|column| self.link_column(place, column));
            }
        }
        // The lineage has no order; the site's bytes must.
        for column in self.details.iter_mut().flat_map(|detail| &mut detail.columns) {
            column.into.sort_unstable();
        }
    }

    fn add_columns(&mut self, place: usize, columns: &[ColumnLineage]) {
        let known = &mut self.details[place].columns;
        for column in columns {
            if !known.iter().any(|it| it.name.eq_ignore_ascii_case(&column.name)) {
                known.push(ColumnDetail { name: column.name.clone(), ..ColumnDetail::default() });
            }
        }
    }

    fn link_column(&mut self, place: usize, column: &ColumnLineage) {
        let sources = column.sources.columns.iter();
        let from: Vec<(usize, String)> =
            sources.filter_map(|it| Some((*self.places.get(&it.resource)?, it.column.clone()))).collect();
        for (source, name) in &from {
            if let Some(read) = column_of(&mut self.details[*source], name) {
                read.into.push((place, column.name.clone()));
            }
        }
        if let Some(written) = column_of(&mut self.details[place], &column.name) {
            written.from = from;
            written.unknown = column.sources.unknown;
        }
    }
}

fn is_built_in(id: &UniqueId) -> bool {
    matches!(id.package(), "dbt" | "dbt_postgres")
}

fn column_of<'a>(detail: &'a mut Detail, name: &str) -> Option<&'a mut ColumnDetail> {
    detail.columns.iter_mut().find(|column| column.name == name)
}
