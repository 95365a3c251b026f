//! The layout written by hand: fields in their order, big-endian, no names, no version. UUIDs are 16 bytes; texts have
//! their length in bytes as a `u16` before them, arrays their number of elements; an optional field has one byte, 0 or 1,
//! before it. A reader must know the layout exactly: nothing in the bytes tells it.

use uuid::Uuid;

use super::record::{Address, CouponIssueMessage, Order, OrderLine};

/// Why bytes cannot be read in this layout.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// The bytes end before the layout does.
    #[error("the bytes end within {field}")]
    Short {
        /// The field.
        field: &'static str,
    },
    /// Bytes are left over.
    #[error("{0} bytes are left over")]
    Left(usize),
    /// A text is no UTF-8.
    #[error("{field} is no UTF-8")]
    NotText {
        /// The field.
        field: &'static str,
    },
    /// The byte before an optional field is neither 0 nor 1.
    #[error("{field} begins with {found}, which is neither 0 nor 1")]
    NotOptional {
        /// The field.
        field: &'static str,
        /// The byte.
        found: u8,
    },
}

/// Bytes of a coupon message.
pub const COUPON_ISSUE_BYTES: usize = 32;

/// Appends a coupon message: userId, couponId.
#[inline]
pub fn write_coupon_issue(message: &CouponIssueMessage, out: &mut Vec<u8>) {
    let mut bytes = [0; COUPON_ISSUE_BYTES];
    bytes[..16].copy_from_slice(message.user_id.as_bytes());
    bytes[16..].copy_from_slice(message.coupon_id.as_bytes());
    out.extend_from_slice(&bytes);
}

/// Appends an order, its fields in their order.
pub fn write_order(order: &Order, out: &mut Vec<u8>) {
    out.extend_from_slice(&order.order_id.to_be_bytes());
    out.extend_from_slice(&order.created_at.to_be_bytes());
    out.extend_from_slice(order.customer_id.as_bytes());
    write_text(&order.status, out);
    write_text(&order.currency, out);
    out.extend_from_slice(&order.total.to_be_bytes());
    out.extend_from_slice(&order.priority.to_be_bytes());
    match &order.coupon_id {
        None => out.push(0),
        Some(coupon) => {
            out.push(1);
            out.extend_from_slice(coupon.as_bytes());
        }
    }
    write_count(order.tags.len(), out);
    order.tags.iter().for_each(|tag| write_text(tag, out));
    write_text(&order.shipping.street, out);
    write_text(&order.shipping.postcode, out);
    write_text(&order.shipping.city, out);
    write_text(&order.shipping.country, out);
    write_count(order.lines.len(), out);
    for line in &order.lines {
        write_text(&line.sku, out);
        out.extend_from_slice(&line.quantity.to_be_bytes());
        out.extend_from_slice(&line.unit_price.to_be_bytes());
    }
}

/// Lengths beyond 65,535 do not occur: the records are kpbench's own, with texts of at most some dozen bytes.
fn write_count(count: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(count as u16).to_be_bytes());
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    write_count(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

/// Reads a coupon message.
///
/// # Errors
/// Bytes that are not exactly one.
pub fn read_coupon_issue(bytes: &[u8]) -> Result<CouponIssueMessage, LayoutError> {
    let mut reader = Reader(bytes);
    let message = CouponIssueMessage {
        user_id: reader.uuid("userId")?,
        coupon_id: reader.uuid("couponId")?,
    };
    reader.end()?;
    Ok(message)
}

/// Reads an order.
///
/// # Errors
/// Bytes that are not exactly one.
pub fn read_order(bytes: &[u8]) -> Result<Order, LayoutError> {
    let mut reader = Reader(bytes);
    let order = Order {
        order_id: i64::from_be_bytes(reader.take("orderId")?),
        created_at: i64::from_be_bytes(reader.take("createdAt")?),
        customer_id: reader.uuid("customerId")?,
        status: reader.text("status")?,
        currency: reader.text("currency")?,
        total: f64::from_be_bytes(reader.take("total")?),
        priority: i32::from_be_bytes(reader.take("priority")?),
        coupon_id: reader.optional_uuid("couponId")?,
        tags: (0..reader.count("tags")?)
            .map(|_| reader.text("tags"))
            .collect::<Result<_, _>>()?,
        shipping: Address {
            street: reader.text("street")?,
            postcode: reader.text("postcode")?,
            city: reader.text("city")?,
            country: reader.text("country")?,
        },
        lines: (0..reader.count("lines")?)
            .map(|_| reader.line())
            .collect::<Result<_, _>>()?,
    };
    reader.end()?;
    Ok(order)
}

/// What is left of the bytes.
pub struct Reader<'a>(pub &'a [u8]);

impl Reader<'_> {
    /// The next `N` bytes.
    ///
    /// # Errors
    /// Fewer are left.
    pub fn take<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], LayoutError> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(LayoutError::Short { field })?;
        self.0 = rest;
        Ok(*taken)
    }

    /// A UUID.
    ///
    /// # Errors
    /// Fewer than 16 bytes are left.
    pub fn uuid(&mut self, field: &'static str) -> Result<Uuid, LayoutError> {
        self.take(field).map(Uuid::from_bytes)
    }

    /// A number of elements or bytes.
    ///
    /// # Errors
    /// Fewer than two bytes are left.
    pub fn count(&mut self, field: &'static str) -> Result<u16, LayoutError> {
        self.take(field).map(u16::from_be_bytes)
    }

    /// A text.
    ///
    /// # Errors
    /// Fewer bytes are left than its length says, or it is no UTF-8.
    pub fn text(&mut self, field: &'static str) -> Result<String, LayoutError> {
        let length = usize::from(self.count(field)?);
        let (text, rest) = self.0.split_at_checked(length).ok_or(LayoutError::Short { field })?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).map_err(|_| LayoutError::NotText { field })
    }

    /// A UUID that may be missing.
    ///
    /// # Errors
    /// The byte before it is neither 0 nor 1, or the bytes end.
    pub fn optional_uuid(&mut self, field: &'static str) -> Result<Option<Uuid>, LayoutError> {
        match self.take::<1>(field)?[0] {
            0 => Ok(None),
            1 => self.uuid(field).map(Some),
            found => Err(LayoutError::NotOptional { field, found }),
        }
    }

    fn line(&mut self) -> Result<OrderLine, LayoutError> {
        Ok(OrderLine {
            sku: self.text("sku")?,
            quantity: i32::from_be_bytes(self.take("quantity")?),
            unit_price: f64::from_be_bytes(self.take("unitPrice")?),
        })
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// Something is.
    pub fn end(&self) -> Result<(), LayoutError> {
        match self.0.len() {
            0 => Ok(()),
            left => Err(LayoutError::Left(left)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::RecordKind;
    use crate::serialize::LogicalRecords;

    #[test]
    fn what_was_written_is_read() {
        let mut bytes = Vec::new();
        let LogicalRecords::Order(orders) = LogicalRecords::take(RecordKind::Order, 50, 5) else {
            panic!("orders were asked for")
        };
        for order in &orders {
            bytes.clear();
            write_order(order, &mut bytes);
            assert_eq!(read_order(&bytes).as_ref(), Ok(order));
            assert!(matches!(
                read_order(&bytes[..bytes.len() - 1]),
                Err(LayoutError::Short { field: "unitPrice" })
            ));
        }
    }

    #[test]
    fn a_coupon_message_is_its_two_uuids() {
        let message = CouponIssueMessage {
            user_id: Uuid::from_u128(1),
            coupon_id: Uuid::from_u128(2),
        };
        let mut bytes = Vec::new();
        write_coupon_issue(&message, &mut bytes);
        assert_eq!((bytes.len(), bytes[15], bytes[31]), (COUPON_ISSUE_BYTES, 1, 2));
        assert_eq!(read_coupon_issue(&bytes), Ok(message));
        bytes.push(0);
        assert_eq!(read_coupon_issue(&bytes), Err(LayoutError::Left(1)));
    }
}
