//! What a project says in a way that dbt gives up: told under dbt's names of it
//! (<https://docs.getdbt.com/reference/deprecations>).

use super::Scene;
use super::semantic;
use super::verify::microbatch;
use crate::code;
use crate::context::macros::is_internal;
use platform_core::{Diagnostic, Manifest, Place, ResourceType};
use std::collections::BTreeSet;

/// Everything of the kind that only the whole project shows.
pub fn check(scene: &Scene<'_>, manifest: &Manifest) -> Vec<Diagnostic> {
    let mut found = itertools(scene, manifest);
    let flags = &scene.shared.flags;
    if !flags.is_on("require_yaml_configuration_for_mf_time_spines") {
        found.extend(time_spine(manifest));
    }
    if !flags.is_on(semantic::NESTED_CUMULATIVE) {
        found.extend(cumulative(manifest));
    }
    found.extend(batches(scene, manifest));
    found.extend(materializations(scene));
    found
}

fn told(event: &str, message: impl Into<String>) -> Diagnostic {
    Diagnostic::warning(code::DEPRECATED, message).event(event)
}

/// Templates that use `modules.itertools`.
fn itertools(scene: &Scene<'_>, manifest: &Manifest) -> Vec<Diagnostic> {
    const WORDS: &str = "modules.itertools";
    let nodes = manifest.nodes.values().filter(|node| node.raw_code.contains(WORDS));
    let nodes = nodes.map(|node| (node.package_name.as_str(), node.original_file_path.as_str()));
    let macros =
        manifest.macros.values().filter(|it| !is_internal(&it.package_name) && it.macro_sql.contains(WORDS));
    let macros = macros.map(|it| (it.package_name.as_str(), it.original_file_path.as_str()));
    let files: BTreeSet<(&str, &str)> = nodes.chain(macros).collect();
    let places =
        files.iter().filter_map(|(package, path)| scene.texts.words(&scene.shown_path(package, path), WORDS));
    let message = "Usage of itertools modules is deprecated. Please use the built-in functions instead.";
    places.map(|place| told("ModulesItertoolsUsageDeprecation", message).at(place)).collect()
}

/// The days of metrics in a model that is known by its name alone, where a semantic model needs them.
fn time_spine(manifest: &Manifest) -> Option<Diagnostic> {
    if manifest.semantic_models.is_empty() {
        return None;
    }
    let models = || manifest.nodes.values().filter(|node| node.resource_type == ResourceType::Model);
    if models().any(|node| node.only.time_spine.as_ref().is_some_and(|it| !it.is_null())) {
        return None;
    }
    let spine = models().find(|node| node.name == "metricflow_time_spine")?;
    let message = "Time spines without YAML configuration are in the process of deprecation. Please add YAML \
                   configuration for your 'metricflow_time_spine' model. See documentation on MetricFlow time spines: \
                   https://docs.getdbt.com/docs/build/metricflow-time-spine";
    let warning = told("MFTimespineWithoutYamlConfigurationDeprecation", message);
    Some(warning.at(Place::file(spine.original_file_path.as_str())))
}

/// Cumulative metrics with their window beside `cumulative_type_params`.
fn cumulative(manifest: &Manifest) -> Vec<Diagnostic> {
    let message = "Cumulative fields `type_params.window` and `type_params.grain_to_date` have been moved and will soon \
                   be deprecated. Please nest those values under `type_params.cumulative_type_params.window` and \
                   `type_params.cumulative_type_params.grain_to_date`.";
    let old = manifest.metrics.values().filter(|metric| semantic::is_flat_cumulative(metric));
    let place = |path: &str| Place::file(path);
    old.map(|metric| told("MFCumulativeTypeParamsDeprecation", message).at(place(&metric.original_file_path)))
        .collect()
}

/// A microbatch strategy of the project's own, which is given all batches at once unless a flag says otherwise.
fn batches(scene: &Scene<'_>, manifest: &Manifest) -> Option<Diagnostic> {
    let own = microbatch::own_strategy(manifest)?;
    let is_used = manifest.nodes.values().any(microbatch::is_microbatch);
    if !is_used || scene.shared.flags.is_on(microbatch::FLAG) {
        return None;
    }
    let message = format!(
        "The use of a custom microbatch macro outside of batched execution is deprecated. To use it with batched \
         execution, set `flags.{}` to `True` in `dbt_project.yml`. In the future this will be the default behavior.",
        microbatch::FLAG
    );
    let warning = told("MicrobatchMacroOutsideOfBatchesDeprecation", message);
    Some(warning.at(Place::file(own.original_file_path.as_str())))
}

/// Materializations of packages that stand in for built-in ones because a flag lets them.
fn materializations(scene: &Scene<'_>) -> Vec<Diagnostic> {
    const FLAG: &str = "require_explicit_package_overrides_for_builtin_materializations";
    if !scene.shared.flags.is_off(FLAG) {
        return Vec::new();
    }
    let root = &scene.root().settings.name;
    let names =
        ["table", "view", "incremental", "ephemeral", "seed", "snapshot", "materialized_view", "test"];
    let overriding = names.iter().filter_map(|name| {
        let own = scene.shared.macros.materialization(name, root, false)?;
        let entry = scene.shared.macros.materialization(name, root, true)?;
        (own.id != entry.id).then_some((*name, entry))
    });
    let warning = |(name, entry): (&str, &std::sync::Arc<crate::context::macros::Entry>)| {
        let message = format!(
            "Installed package '{}' is overriding the built-in materialization '{name}'. Overrides of built-in \
             materializations from installed packages will be deprecated in future versions of dbt.",
            entry.package
        );
        told("PackageMaterializationOverrideDeprecation", message)
            .at(Place::file(&*scene.shown_path(&entry.package, &entry.path)))
            .hint("write a materialization of that name in the project, which calls the package's")
            .with("package_name", &*entry.package)
            .with("materialization_name", name)
    };
    overriding.map(warning).collect()
}
