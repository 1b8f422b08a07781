//! Names of types by object id: built-in ones from the driver's table, others learnt once.

use crate::outcome::ResultColumn;
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

/// Types of extensions and enums that one warehouse has met.
#[derive(Debug, Default)]
pub(crate) struct TypeNames {
    learnt: RwLock<BTreeMap<u32, String>>,
}

impl TypeNames {
    /// Names the columns' types; gives the ids that are not known yet.
    pub fn fill(&self, columns: &mut [ResultColumn]) -> Vec<u32> {
        let learnt = self.learnt.read().unwrap_or_else(PoisonError::into_inner);
        let mut unknown = Vec::new();
        for column in columns.iter_mut() {
            if let Some(built_in) = tokio_postgres::types::Type::from_oid(column.type_oid) {
                built_in.name().clone_into(&mut column.type_name);
            } else if let Some(name) = learnt.get(&column.type_oid) {
                column.type_name.clone_from(name);
            } else if column.type_oid != 0 {
                unknown.push(column.type_oid);
            }
        }
        unknown
    }

    /// Remembers a name.
    pub fn learn(&self, oid: u32, name: String) {
        self.learnt.write().unwrap_or_else(PoisonError::into_inner).insert(oid, name);
    }
}
