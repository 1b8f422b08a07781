//! From a node to its SQL: rendered, ephemeral models put in front, written for people.

use crate::context::Recorder;
use crate::runtime::inject;
use crate::runtime::{Batch, Connection, NodeContext, Runtime};
use platform_core::event::Level;
use platform_core::node::ExtraCte;
use platform_core::node_info::{self, Stage, about_current};
use platform_core::{Event, Node, ResourceType, UniqueId};
use std::sync::Arc;

/// A node's SQL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compiled {
    /// Ready to be sent, or to be wrapped by a materialization.
    pub sql: String,
    /// The same without the CTEs of ephemeral models.
    pub bare: String,
    /// Ephemeral models used, each before what uses it.
    pub ctes: Vec<ExtraCte>,
    /// What foreign keys point at, as written and as a relation.
    pub targets: Vec<(String, String)>,
    /// Path of the file with it, below the project's folder; `None` for what is not written.
    pub path: Option<String>,
    /// Macros that the template called. It may call others here than where nothing runs (`{% if execute %}`).
    pub macros: Vec<UniqueId>,
}

impl Runtime {
    /// Compiles a node and writes its file. The result is kept for nodes that inject it.
    pub fn compile(&self, node: &Node, connection: &Arc<Connection>) -> Result<Arc<Compiled>, jinja::Error> {
        let compiled = self.compile_in_batch(node, connection, None)?;
        self.remember(&node.unique_id, compiled.clone());
        Ok(compiled)
    }

    /// Compiles a node for one batch of a microbatch model.
    pub fn compile_in_batch(
        &self,
        node: &Node,
        connection: &Arc<Connection>,
        batch: Option<&Batch>,
    ) -> Result<Arc<Compiled>, jinja::Error> {
        node_info::enter(&node.unique_id, Stage::Compiling, &*self.inner.shared.events);
        let mut context = self.context(Some(Arc::new(node.clone())), connection, batch.cloned());
        let recorder = Arc::new(Recorder::default());
        context.context = context.context.recording(recorder.clone());
        let compiled = self.compile_in(node, &context, connection).map(|compiled| {
            let macros = recorder.take();
            if macros.is_empty() { compiled } else { Arc::new(Compiled { macros, ..(*compiled).clone() }) }
        });
        if compiled.is_err() {
            connection.rollback();
            let mut called = self.inner.called.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            called.insert(node.unique_id.clone(), recorder.take());
        }
        compiled
    }

    pub(crate) fn compile_in(
        &self,
        node: &Node,
        context: &NodeContext,
        connection: &Arc<Connection>,
    ) -> Result<Arc<Compiled>, jinja::Error> {
        if node.resource_type == ResourceType::Seed {
            return Ok(Arc::default());
        }
        super::test_arguments::add(node, context)?;
        let file = jinja::SourceFile::new(node.original_file_path.as_str(), node.raw_code.as_str());
        // A model in Python is no template; a function in it is.
        let is_plain = node.language == "python" && node.resource_type != ResourceType::Function;
        let bare = if is_plain { node.raw_code.clone() } else { context.context.render(&file)? };
        let met = std::mem::take(
            &mut *context.state.ephemeral.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        );
        let mut ctes = Vec::new();
        for id in met {
            self.add_ephemeral(&id, connection, &mut ctes)?;
        }
        let texts: Vec<String> = ctes.iter().map(|cte: &ExtraCte| cte.sql.clone()).collect();
        let sql = inject::inject(&bare, &texts);
        let path = self.write_compiled(node, context.state.batch.as_ref(), &sql, connection);
        let targets = node.foreign_keys().into_iter().map(|to| {
            let target = context.context.jinja().eval_expression(&to, &context.context.value())?;
            // A state that is deferred to has the relation that the key points at.
            let ours = target.to_string();
            let nodes = &self.project().manifest.nodes;
            let parents = node.depends_on.nodes.iter().filter_map(|id| nodes.get(id));
            let mut parents = parents.filter(|it| it.relation_name.as_deref() == Some(ours.as_str()));
            let deferred = parents.find_map(|it| self.defer_relation(it));
            Ok((to, deferred.map_or(ours, |relation| relation.to_string())))
        });
        let targets = targets.collect::<Result<_, jinja::Error>>()?;
        Ok(Arc::new(Compiled { sql, bare, ctes, targets, path, macros: Vec::new() }))
    }

    pub(super) fn write_compiled(
        &self,
        node: &Node,
        batch: Option<&Batch>,
        sql: &str,
        connection: &Connection,
    ) -> Option<String> {
        // As dbt: nothing is written of what came to nothing, of snapshots, and of a query that was taken as it is.
        if sql.is_empty() || node.resource_type == ResourceType::Snapshot || node.path.is_empty() {
            return None;
        }
        let path = self.batch_path("compiled", node, batch);
        let text = format!("Writing injected SQL for node \"{}\"", node.unique_id);
        let event = Event::new(Level::Debug, "WritingInjectedSQLForNode", text).code("Q029");
        connection.events().send(about_current(event));
        self.write_file(&path, sql);
        let target = self.project().target_path.join(path);
        let below = target.strip_prefix(&self.project().root).unwrap_or(&target);
        Some(below.to_string_lossy().into_owned())
    }

    /// An ephemeral model after those it uses itself.
    fn add_ephemeral(
        &self,
        id: &UniqueId,
        connection: &Arc<Connection>,
        ctes: &mut Vec<ExtraCte>,
    ) -> Result<(), jinja::Error> {
        if ctes.iter().any(|cte| cte.id == *id) {
            return Ok(());
        }
        let Some(node) = self.project().manifest.nodes.get(id) else { return Ok(()) };
        let compiled = match self.remembered(id) {
            Some(compiled) => compiled,
            None => self.compile(node, connection)?,
        };
        for cte in &compiled.ctes {
            if !ctes.iter().any(|known| known.id == cte.id) {
                ctes.push(cte.clone());
            }
        }
        let name = super::cte_model_name(node);
        ctes.push(ExtraCte { id: id.clone(), sql: inject::cte(&name, &compiled.bare) });
        Ok(())
    }
}
