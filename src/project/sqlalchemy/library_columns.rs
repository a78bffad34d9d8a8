//! The columns that mixins and bases of well-known libraries bring, read off their source.

use crate::project::sqlalchemy::column::{Column, ForeignKey, ForeignKeyTarget};
use crate::project::sqlalchemy::expression::{Expression, Given};
use crate::python::dotted;
use crate::source::Span;

/// What a library's class brings to the classes that derive from it.
#[derive(Default)]
pub struct Brings {
    /// Its `__tablename__`.
    pub tablename: Option<&'static str>,
    /// Its columns.
    pub columns: Vec<Column>,
}

/// How a column differs from one that may be NULL.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    Nullable,
    NotNull,
    Key,
    Indexed,
    UniqueIndexed,
}

struct Maker {
    span: Span,
    columns: Vec<Column>,
}

impl Maker {
    fn column(&mut self, name: &str, column_type: &str, length: Option<i64>, is: Is) -> &mut Column {
        let span = self.span;
        let given = |name: &str, value| Given { name: Some(name.into()), value, span };
        let mut column = Column::empty(span);
        column.name = Some(name.to_owned());
        column.attribute = Some(name.to_owned());
        let mut arguments: Vec<Given> =
            length.map(|length| given("length", Expression::Int(length))).into_iter().collect();
        if dotted::last(column_type) == "TIMESTAMPAware" {
            arguments.push(given("timezone", Expression::Bool(true)));
        }
        let value = Expression::Call(Box::new(Expression::Name(column_type.to_owned())), arguments);
        column.column_type = Some(Given { name: None, value, span });
        column.primary_key = Some(is == Is::Key);
        column.nullable = Some(Expression::Bool(is == Is::Nullable));
        if matches!(is, Is::Indexed | Is::UniqueIndexed) {
            column.index = Some(Expression::Bool(true));
        }
        if is == Is::UniqueIndexed {
            column.unique = Some(Expression::Bool(true));
        }
        self.columns.push(column);
        let last = self.columns.len() - 1;
        &mut self.columns[last]
    }

    fn refers(&mut self, name: &str, column_type: &str, is: Is, target: &str, ondelete: Option<&str>) {
        let span = self.span;
        let given =
            ondelete.map(|rule| Given { name: Some("ondelete".into()), value: Expression::Str(rule.to_owned()), span });
        let key = ForeignKey {
            target: ForeignKeyTarget::Text(target.to_owned()),
            span,
            call: span,
            use_alter: false,
            unusual: false,
            given: given.into_iter().collect(),
        };
        self.column(name, column_type, None, is).foreign_keys.push(key);
    }
}

/// What the importable name brings, if it is known; `span` is where the class that derives from it stands.
pub fn of(dotted: &str, span: Span) -> Option<Brings> {
    let package = dotted::first(dotted);
    let mut make = Maker { span, columns: Vec::new() };
    let mut tablename = None;
    match (package, dotted::last(dotted)) {
        ("oslo_db", "TimestampMixin") => {
            make.column("created_at", "sqlalchemy.DateTime", None, Is::Nullable);
            make.column("updated_at", "sqlalchemy.DateTime", None, Is::Nullable);
        }
        ("oslo_db", "SoftDeleteMixin") => {
            make.column("deleted_at", "sqlalchemy.DateTime", None, Is::Nullable);
            make.column("deleted", "oslo_db.sqlalchemy.types.SoftDeleteInteger", None, Is::Nullable);
        }
        ("sqlalchemy_utils", "Timestamp") => {
            make.column("created", "sqlalchemy.DateTime", None, Is::NotNull);
            make.column("updated", "sqlalchemy.DateTime", None, Is::NotNull);
        }
        ("flask_dance", "OAuthConsumerMixin") => {
            make.column("id", "sqlalchemy.Integer", None, Is::Key);
            make.column("provider", "sqlalchemy.String", Some(50), Is::NotNull);
            make.column("created_at", "sqlalchemy.DateTime", None, Is::NotNull);
            make.column("token", "sqlalchemy_utils.JSONType", None, Is::NotNull);
        }
        ("flask_appbuilder", "AuditMixin") => {
            make.column("created_on", "sqlalchemy.DateTime", None, Is::NotNull);
            make.column("changed_on", "sqlalchemy.DateTime", None, Is::NotNull);
            make.refers("created_by_fk", "sqlalchemy.Integer", Is::NotNull, "ab_user.id", None);
            make.refers("changed_by_fk", "sqlalchemy.Integer", Is::NotNull, "ab_user.id", None);
        }
        ("fastapi_users_db_sqlalchemy" | "fastapi_users", name) => fastapi_users(name, &mut make, &mut tablename)?,
        ("advanced_alchemy" | "litestar", name) => advanced_alchemy(name, &mut make)?,
        _ => return None,
    }
    Some(Brings { tablename, columns: make.columns })
}

const GUID: &str = "fastapi_users_db_sqlalchemy.generics.GUID";

fn fastapi_users(name: &str, make: &mut Maker, tablename: &mut Option<&'static str>) -> Option<()> {
    match name {
        "SQLAlchemyBaseUserTable" | "SQLAlchemyBaseUserTableUUID" => {
            *tablename = Some("user");
            make.column("email", "sqlalchemy.String", Some(320), Is::UniqueIndexed);
            make.column("hashed_password", "sqlalchemy.String", Some(1024), Is::NotNull);
            for flag in ["is_active", "is_superuser", "is_verified"] {
                make.column(flag, "sqlalchemy.Boolean", None, Is::NotNull);
            }
        }
        "SQLAlchemyBaseOAuthAccountTable" | "SQLAlchemyBaseOAuthAccountTableUUID" => {
            *tablename = Some("oauth_account");
            make.column("oauth_name", "sqlalchemy.String", Some(100), Is::Indexed);
            make.column("access_token", "sqlalchemy.String", Some(1024), Is::NotNull);
            make.column("expires_at", "sqlalchemy.Integer", None, Is::Nullable);
            make.column("refresh_token", "sqlalchemy.String", Some(1024), Is::Nullable);
            make.column("account_id", "sqlalchemy.String", Some(320), Is::Indexed);
            make.column("account_email", "sqlalchemy.String", Some(320), Is::NotNull);
        }
        "SQLAlchemyBaseAccessTokenTable" | "SQLAlchemyBaseAccessTokenTableUUID" => {
            *tablename = Some("accesstoken");
            make.column("token", "sqlalchemy.String", Some(43), Is::Key);
            let aware = "fastapi_users_db_sqlalchemy.generics.TIMESTAMPAware";
            make.column("created_at", aware, None, Is::Indexed);
        }
        _ => return None,
    }
    match name {
        "SQLAlchemyBaseUserTableUUID" => {
            make.column("id", GUID, None, Is::Key);
        }
        "SQLAlchemyBaseOAuthAccountTableUUID" => {
            make.column("id", GUID, None, Is::Key);
            make.refers("user_id", GUID, Is::NotNull, "user.id", Some("cascade"));
        }
        "SQLAlchemyBaseAccessTokenTableUUID" => {
            make.refers("user_id", GUID, Is::NotNull, "user.id", Some("cascade"));
        }
        _ => {}
    }
    Some(())
}

fn advanced_alchemy(name: &str, make: &mut Maker) -> Option<()> {
    let key = match name {
        "UUIDBase" | "UUIDAuditBase" | "UUIDv6Base" | "UUIDv6AuditBase" | "UUIDv7Base" | "UUIDv7AuditBase"
        | "UUIDPrimaryKey" | "UUIDv6PrimaryKey" | "UUIDv7PrimaryKey" => Some(("advanced_alchemy.types.GUID", None)),
        "BigIntBase" | "BigIntAuditBase" | "BigIntPrimaryKey" | "IdentityBase" | "IdentityAuditBase"
        | "IdentityPrimaryKey" => Some(("advanced_alchemy.types.BigIntIdentity", None)),
        "AuditColumns" | "SlugKey" => None,
        _ => return None,
    };
    if let Some((column_type, length)) = key {
        make.column("id", column_type, length, Is::Key);
    }
    if name.starts_with("UUID") {
        make.column("sa_orm_sentinel", "sqlalchemy.Integer", None, Is::Nullable);
    }
    if name.contains("Audit") {
        for column in ["created_at", "updated_at"] {
            make.column(column, "advanced_alchemy.types.DateTimeUTC", None, Is::NotNull);
        }
    }
    if name == "SlugKey" {
        make.column("slug", "sqlalchemy.String", Some(100), Is::NotNull);
    }
    Some(())
}
