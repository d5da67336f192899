//! The smallest size that holds, found with few attempts.

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
    /// Sizes that would not do although a smaller one did.
    pub(super) relapses: u32,
}

/// A size that fits, as do the next `confirm` larger ones, while the next smaller does not. Copies are
/// added until the pods fit; from there down a bisection looks for the edge, as if packing were
/// monotone; then the larger sizes are tried one by one, and where one does not fit the answer moves
/// beyond it. Nothing where `fits` gives nothing.
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
    let mut top = floor.div_ceil(bounds.cell).max(1) * bounds.cell;
    let mut too_small = floor.saturating_sub(1);
    while !fits(top)? {
        too_small = top;
        top += bounds.cell;
        if top > bounds.copies * bounds.cell {
            return Some(none);
        }
    }
    let (mut low, mut size) = (too_small, top);
    while size - low > 1 {
        let middle = low.midpoint(size);
        match fits(middle)? {
            true => size = middle,
            false => low = middle,
        }
    }
    let mut relapses = 0;
    let mut tried = size;
    while tried < top.min(size + bounds.confirm) {
        tried += 1;
        if !fits(tried)? {
            relapses += 1;
            size = tried + 1;
            while !fits(size)? {
                relapses += 1;
                size += 1;
            }
            tried = size;
        }
    }
    Some(Found {
        size: Some(size),
        relapses,
    })
}
