//! Taking over what another run left: containers that run and are made as this run would make them
//! go on, all else is removed.

use super::Live;
use crate::cluster::change::Change;
use crate::ids::{Arena, NodeId};
use crate::live::engine::Listed;

impl Live {
    /// Takes over what runs, and returns what the control plane is to believe before it hears anything.
    /// Nothing, where nothing runs.
    pub(super) fn adopt(&mut self, lists: &Arena<NodeId, Vec<Listed>>) -> Vec<Change> {
        let adopted = self.making().adopt(lists);
        self.took_over = !adopted.changes.is_empty();
        for start in adopted.starts {
            self.submit_start(start);
        }
        adopted.changes
    }
}
