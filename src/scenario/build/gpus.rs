//! GPUs that pods ask for, and their kinds.

use super::Builder;
use crate::cluster::gpu::{GpuModels, GpuRequest, MAX_GPUS};
use crate::ids::GpuModelId;
use crate::scenario::decode::{At, Field};
use crate::scenario::problem::Problem;
use crate::scenario::rows::BadCell;
use crate::scenario::values::{Name, OneOrMore};
use crate::units::WHOLE_GPU;

/// What is said of a kind of GPU too many.
const TOO_MANY: &str = "is one kind of GPU more than a scenario may have";

/// The GPUs a pod asks for, as written.
pub(super) struct RawGpus {
    pub(super) count: Field<u64>,
    pub(super) milli: Field<u64>,
    pub(super) models: Field<OneOrMore<Name>>,
}

impl Builder<'_> {
    /// The GPUs a pod asks for; `None` once a problem has been reported.
    pub(super) fn gpus(&mut self, raw: RawGpus) -> Option<GpuRequest> {
        let count = self.within("gpu", raw.count.or(0), 0, MAX_GPUS.into());
        let whole = u64::from(WHOLE_GPU);
        let (milli, models) = (raw.milli.optional(), raw.models.optional());
        if count == Some(0) {
            let milli = milli?.map(|milli| ("gpu_milli", milli.span));
            let models = models?.map(|models| ("gpu_model", models.span));
            return match milli.or(models) {
                None => Some(GpuRequest::default()),
                Some((key, span)) => {
                    let problem = Problem::error(format!("a `{key}`, but no `gpu`"));
                    self.problems.push(problem.at(span, ""));
                    None
                }
            };
        }
        let milli = match milli? {
            Some(milli) => self.within("gpu_milli", Some(milli), 1, whole),
            None => Some(whole),
        };
        let models = match models? {
            Some(models) => models
                .value
                .0
                .read(|name| self.gpu_model(name.map(|name| name.0)))?,
            None => Vec::new(),
        };
        let models = models.into_iter().fold(GpuModels::ANY, GpuModels::with);
        Some(GpuRequest {
            count: count? as u8,
            milli: milli? as u16,
            models,
        })
    }

    /// The id of a kind of GPU that the scenario file names.
    pub(super) fn gpu_model(&mut self, name: At<String>) -> Option<GpuModelId> {
        let model = self.known_model(&name.value);
        if model.is_none() {
            let problem = Problem::error(format!("`{}` {TOO_MANY}", name.value));
            self.problems.push(problem.at(name.span, ""));
        }
        model
    }

    /// The id of a kind of GPU that a cell names.
    pub(super) fn gpu_model_of(
        &mut self,
        name: &str,
        column: usize,
    ) -> Result<GpuModelId, BadCell> {
        self.known_model(name)
            .ok_or_else(|| BadCell::new(column, TOO_MANY))
    }

    /// The id of a kind of GPU, which is new the first time it is named.
    fn known_model(&mut self, name: &str) -> Option<GpuModelId> {
        if let Some(&model) = self.gpu_models.get(name) {
            return Some(model);
        }
        if self.catalog.gpu_models.len() == GpuModels::MAX {
            return None;
        }
        let model = self.catalog.gpu_models.push(name.to_owned());
        self.gpu_models.insert(name.to_owned(), model);
        Some(model)
    }
}
