//! The smallest size that holds, found with few attempts.

/// The first step from the floor up is this part of the cell.
const STEPS: u32 = 64;

/// Between what sizes to look.
pub(super) struct Bounds {
    /// No smaller size can do; nothing where no size can.
    pub(super) floor: Option<u32>,
    /// Nodes of one copy of the cell.
    pub(super) cell: u32,
    /// Most copies.
    pub(super) copies: u32,
    /// How many larger sizes must do too.
    pub(super) confirm: u32,
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The size; nothing where all copies are too few.
    pub(super) size: Option<u32>,
    /// Sizes that were too small although a smaller one would do.
    pub(super) relapses: u32,
}

/// A size that fits, as do the next `confirm` larger ones, while the next smaller does not. From the
/// floor on, sizes are tried in growing steps until one fits; a bisection looks for the edge below it,
/// as if packing were monotone; then the larger sizes are tried one by one, and where one does not fit
/// the answer moves beyond it. Nothing where `fits` gives nothing.
///
/// Borg begins with the whole cell. Where packing is not monotone, that one size may happen not to fit,
/// and would cost a copy of the cell.
pub(super) fn smallest(
    bounds: &Bounds,
    fits: &mut dyn FnMut(u32) -> Option<bool>,
) -> Option<Found> {
    let none = Found {
        size: None,
        relapses: 0,
    };
    let Some(floor) = bounds.floor else {
        return Some(none);
    };
    let all = bounds.copies * bounds.cell;
    let (mut low, mut size) = (floor.saturating_sub(1), floor);
    let mut step = (bounds.cell / STEPS).max(1);
    while !fits(size)? {
        if size == all {
            return Some(none);
        }
        low = size;
        size = (size + step).min(all);
        step += step.div_ceil(4);
    }
    while size - low > 1 {
        let middle = low.midpoint(size);
        match fits(middle)? {
            true => size = middle,
            false => low = middle,
        }
    }
    let mut relapses = 0;
    let mut tried = size;
    while tried < all.min(size + bounds.confirm) {
        tried += 1;
        if !fits(tried)? {
            relapses += 1;
            size = tried + 1;
        }
    }
    Some(Found {
        size: (size <= all).then_some(size),
        relapses,
    })
}
