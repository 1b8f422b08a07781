//! Groups, exposures, the semantic layer and unit tests: what stands in properties files alone.

use super::Assembler;
use crate::parse::units::{self, Fixtures, Parts};
use crate::parse::{exposures, semantic, verify};
use crate::properties::{Block, Section};
use crate::resolve;
use platform_core::diagnostic::Severity;
use platform_core::node::UnitTest;
use platform_core::{Diagnostic, Node, Place, ResourceType, UniqueId};
use serde_json::{Map, Value};

impl Assembler<'_> {
    pub(super) fn groups(&mut self, blocks: &[Block]) {
        for block in blocks.iter().filter(|it| it.section == Section::Groups) {
            match exposures::group(self.scene, block) {
                Ok(group) => {
                    let id = group.unique_id.clone();
                    if let Some(earlier) = self.manifest.groups.get(&id) {
                        let paths = [group.original_file_path.as_str(), earlier.original_file_path.as_str()];
                        self.diagnostics.push(verify::duplicate(
                            ResourceType::Group,
                            &id,
                            &group.name,
                            paths,
                        ));
                    } else {
                        self.manifest.groups.insert(id, group);
                    }
                }
                Err(error) => self.diagnostics.push(error),
            }
        }
    }

    pub(super) fn exposures(&mut self, blocks: &[Block]) {
        for block in blocks.iter().filter(|it| it.section == Section::Exposures) {
            let (mut exposure, warnings) = match exposures::exposure(self.scene, block) {
                Ok(found) => found,
                Err(error) => {
                    self.diagnostics.push(error);
                    continue;
                }
            };
            self.diagnostics.extend(warnings);
            let id = exposure.unique_id.clone();
            if !exposure.config.enabled() {
                let json = serde_json::to_value(&exposure).unwrap_or_default();
                self.manifest.disabled.entry(id).or_default().push(json);
                continue;
            }
            match self.scene.describe(block, &exposure.description, &id) {
                Ok((text, _)) => exposure.description = text,
                Err(error) => self.diagnostics.push(error),
            }
            if let Some(earlier) = self.manifest.exposures.get(&id) {
                let paths = [exposure.original_file_path.as_str(), earlier.original_file_path.as_str()];
                self.diagnostics.push(verify::duplicate(ResourceType::Exposure, &id, &exposure.name, paths));
                continue;
            }
            self.manifest.exposures.insert(id, exposure);
        }
    }

    pub(super) fn semantic_layer(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block.section {
                Section::Metrics => match semantic::metric(self.scene, block) {
                    Ok(mut metric) => {
                        self.describe_meaning(block, &metric.unique_id, &mut metric.more);
                        self.metric(metric);
                    }
                    Err(error) => self.diagnostics.push(error),
                },
                Section::SavedQueries => match semantic::saved_query(self.scene, block) {
                    Ok(mut query) => {
                        let id = query.unique_id.clone();
                        self.describe_meaning(block, &id, &mut query.more);
                        if query.config.enabled() {
                            self.manifest.saved_queries.insert(id, query);
                        } else {
                            let json = serde_json::to_value(&query).unwrap_or_default();
                            self.manifest.disabled.entry(id).or_default().push(json);
                        }
                    }
                    Err(error) => self.diagnostics.push(error),
                },
                _ => {}
            }
        }
        for block in blocks.iter().filter(|it| it.section == Section::SemanticModels) {
            match semantic::semantic_model(self.scene, block) {
                Ok(mut model) => {
                    let id = model.unique_id.clone();
                    self.describe_meaning(block, &id, &mut model.more);
                    for part in ["entities", "dimensions", "measures"] {
                        let items = model.more.get_mut(part).and_then(Value::as_array_mut);
                        for item in items.into_iter().flatten().filter_map(Value::as_object_mut) {
                            self.describe_meaning(block, &id, item);
                        }
                    }
                    let created = semantic::created(self.scene, block, &model);
                    if model.config.enabled() {
                        self.manifest.semantic_models.insert(id, model);
                    } else {
                        let json = serde_json::to_value(&model).unwrap_or_default();
                        self.manifest.disabled.entry(id).or_default().push(json);
                    }
                    for mut metric in created {
                        self.describe_meaning(block, &metric.unique_id, &mut metric.more);
                        self.metric(metric);
                    }
                }
                Err(error) => self.diagnostics.push(error),
            }
        }
    }

    /// Renders the description of something in the semantic layer.
    fn describe_meaning(&mut self, block: &Block, id: &UniqueId, more: &mut Map<String, Value>) {
        let Some(Value::String(description)) = more.get_mut("description") else { return };
        match self.scene.describe(block, description, id) {
            Ok((text, _)) => *description = text,
            Err(error) => self.diagnostics.push(error),
        }
    }

    pub(super) fn metric(&mut self, metric: platform_core::node::Metric) {
        let id = metric.unique_id.clone();
        if !metric.config.enabled() {
            let json = serde_json::to_value(&metric).unwrap_or_default();
            self.manifest.disabled.entry(id).or_default().push(json);
            return;
        }
        if let Some(earlier) = self.manifest.metrics.get(&id) {
            let paths = [metric.original_file_path.as_str(), earlier.original_file_path.as_str()];
            self.diagnostics.push(verify::duplicate(ResourceType::Metric, &id, &metric.name, paths));
            return;
        }
        self.manifest.metrics.insert(id, metric);
    }

    /// An input without rows is a seed, whose file has them.
    pub(super) fn inputs_exist(&self, block: &Block, test: &UnitTest) -> Result<(), Diagnostic> {
        for given in test.given.iter().filter(|given| given["rows"].is_null() && given["fixture"].is_null()) {
            let input = given["input"].as_str().unwrap_or_default();
            let Some(name) = units::referenced(input) else {
                let message =
                    format!("Unit test '{}' has no rows for `{input}`, which is no seed", block.name());
                return Err(block.fault(&block.node, message).hint("say `rows: []` for no row"));
            };
            let is_seed = |node: &Node| node.name == name && node.resource_type == ResourceType::Seed;
            let is_disabled = |id: &platform_core::UniqueId| {
                id.as_str().strip_prefix("seed.").and_then(|it| it.rsplit('.').next()) == Some(&*name)
            };
            // A disabled seed is an error of the test that reads it, not of the project.
            let stands = self.manifest.nodes.values().any(is_seed);
            if !stands && !self.manifest.disabled.keys().any(is_disabled) {
                let message = format!("Unable to find seed '{}.{name}' for unit tests", block.package());
                return Err(block.fault(&block.node, message).hint("say `rows: []` for no row"));
            }
        }
        Ok(())
    }

    pub(super) fn link_semantic_models(&mut self, blocks: &[Block]) {
        let root = self.scene.root().settings.name.clone();
        self.diagnostics.extend(resolve::semantic_models(
            &mut self.manifest,
            &root,
            &self.scene.shared.flags,
        ));
        self.diagnostics.extend(semantic::link(&mut self.manifest));
        self.diagnostics.extend(resolve::saved_queries(&mut self.manifest));
        if self.diagnostics.iter().all(|it| it.severity == Severity::Warning) {
            let place = |of: semantic::Subject<'_>| {
                let is_of = |block: &&Block| {
                    block.package() == of.package
                        && *block.properties.file.path == *of.file
                        && block.name() == of.name
                };
                let file = || Place::file(&*self.scene.shown_path(of.package, of.file));
                blocks.iter().find(is_of).map_or_else(file, Block::name_place)
            };
            self.diagnostics.extend(semantic::validate(&self.manifest, &self.scene.shared.flags, &place));
        }
    }

    pub(super) fn unit_tests(&mut self, blocks: &[Block], fixtures: &Fixtures) {
        let disabled: Vec<Node> = self
            .manifest
            .disabled
            .iter()
            .filter(|(id, _)| id.as_str().starts_with("model."))
            .filter_map(|(_, nodes)| serde_json::from_value(nodes.first()?.clone()).ok())
            .collect();
        let unread = self.unread();
        let has_model = |block: &&Block| !unread.contains(block.node.text_of("model").unwrap_or_default());
        for block in blocks.iter().filter(|it| it.section == Section::UnitTests).filter(has_model) {
            let parts = Parts { block, fixtures };
            let models =
                self.manifest.nodes.values().filter(|node| node.resource_type == ResourceType::Model);
            let tests = match units::unit_tests(self.scene, &parts, models, &disabled) {
                Ok(tests) => tests,
                Err(error) => {
                    self.diagnostics.push(error);
                    continue;
                }
            };
            for test in tests {
                if let Err(error) = self.inputs_exist(block, &test) {
                    self.diagnostics.push(error);
                }
                let id = test.unique_id.clone();
                if !test.config.enabled() {
                    let json = serde_json::to_value(&test).unwrap_or_default();
                    self.manifest.disabled.entry(id).or_default().push(json);
                } else if let Some(earlier) = self.manifest.unit_tests.get(&id) {
                    let paths = [test.original_file_path.as_str(), earlier.original_file_path.as_str()];
                    self.diagnostics.push(verify::duplicate(ResourceType::UnitTest, &id, &test.name, paths));
                } else {
                    self.manifest.unit_tests.insert(id, test);
                }
            }
        }
    }
}
