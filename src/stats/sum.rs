//! Adding histograms up, whatever their precisions and ranges.

use hdrhistogram::Histogram;

use super::encoded::{Decoded, EncodingError, Shape};

/// A sum of histograms of any shape.
///
/// It grows to the largest value. Where precisions differ it has the coarsest of them: every finer bucket lies within one
/// coarser bucket, so that the sum is exactly what recording all values at that precision would have given, in whatever
/// order they came.
#[derive(Clone, Debug)]
pub struct Sum {
    histogram: Histogram<u64>,
    mixed: bool,
}

impl Sum {
    /// An empty sum of the shape.
    ///
    /// # Errors
    /// Where no histogram can have the shape.
    pub fn new(shape: Shape) -> Result<Sum, EncodingError> {
        Ok(Sum {
            histogram: growing(shape)?,
            mixed: false,
        })
    }

    /// Adds what was decoded.
    ///
    /// # Errors
    /// Where it cannot grow that far, or would hold more values than can be counted: a histogram by itself would stop
    /// counting and say nothing.
    pub fn add(&mut self, decoded: &Decoded<'_>) -> Result<(), EncodingError> {
        let mut counts = decoded.counts.iter().map(|(_, count)| *count);
        counts
            .try_fold(self.histogram.len(), u64::checked_add)
            .ok_or(EncodingError::TooMany)?;
        self.coarsen(decoded.shape)?;
        for &(value, count) in decoded.counts {
            self.histogram
                .record_n(value, count)
                .map_err(|error| EncodingError::Damaged(error.to_string()))?;
        }
        Ok(())
    }

    /// Adds another sum.
    ///
    /// # Errors
    /// As [`Sum::add`].
    pub fn add_sum(&mut self, other: &Sum) -> Result<(), EncodingError> {
        let total = self.histogram.len().checked_add(other.histogram.len());
        total.ok_or(EncodingError::TooMany)?;
        self.coarsen(shape_of(&other.histogram))?;
        self.mixed |= other.mixed;
        self.histogram
            .add(&other.histogram)
            .map_err(|error| EncodingError::Damaged(error.to_string()))
    }

    /// All values recorded.
    pub fn histogram(&self) -> &Histogram<u64> {
        &self.histogram
    }

    /// Whether precisions differed.
    pub fn is_mixed(&self) -> bool {
        self.mixed
    }

    /// Takes the coarser precision of both, in digits and in the lowest value told apart.
    fn coarsen(&mut self, with: Shape) -> Result<(), EncodingError> {
        let own = shape_of(&self.histogram);
        if (own.digits, own.low.ilog2()) == (with.digits, with.low.ilog2()) {
            return Ok(());
        }
        self.mixed = true;
        let low = own.low.max(with.low);
        let digits = own.digits.min(with.digits);
        if (digits, low.ilog2()) != (own.digits, own.low.ilog2()) {
            let high = own.high.max(low.saturating_mul(2));
            let mut coarser = growing(Shape { low, high, digits })?;
            coarser
                .add(&self.histogram)
                .map_err(|error| EncodingError::Damaged(error.to_string()))?;
            self.histogram = coarser;
        }
        Ok(())
    }
}

fn shape_of(histogram: &Histogram<u64>) -> Shape {
    Shape {
        low: histogram.low(),
        high: histogram.high(),
        digits: histogram.sigfig(),
    }
}

fn growing(shape: Shape) -> Result<Histogram<u64>, EncodingError> {
    let mut histogram = Histogram::new_with_bounds(shape.low, shape.high, shape.digits)
        .map_err(|error| EncodingError::Damaged(error.to_string()))?;
    histogram.auto(true);
    Ok(histogram)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape {
        low: 1,
        high: 1 << 20,
        digits: 3,
    };

    fn sum_of(counts: &[(u64, u64)]) -> Result<Sum, EncodingError> {
        let mut sum = Sum::new(SHAPE)?;
        sum.add(&Decoded { shape: SHAPE, counts })?;
        Ok(sum)
    }

    #[test]
    fn more_values_than_can_be_counted_are_an_error_and_one_less_is_not() {
        let half = 1 << 63;
        assert_eq!(sum_of(&[(5, half), (9, half - 1)]).unwrap().histogram().len(), u64::MAX);
        assert_eq!(sum_of(&[(5, half), (9, half)]).unwrap_err(), EncodingError::TooMany);
        let mut sum = sum_of(&[(5, half)]).unwrap();
        let more = Decoded {
            shape: SHAPE,
            counts: &[(5, half)],
        };
        assert_eq!(sum.add(&more), Err(EncodingError::TooMany));
        assert_eq!(sum.add_sum(&sum.clone()), Err(EncodingError::TooMany));
        assert_eq!(sum.histogram().len(), half, "nothing of it was added");
    }
}
