//! Rules of the family *env*.

mod async_driver_in_sync_env;
mod async_engine_in_sync_env;
mod asyncio_run_in_running_loop;
mod coroutine_not_awaited;
mod create_all_beside_migrations;
mod engine_prefix_mismatch;
mod env_never_commits;
mod env_runs_nothing;
mod env_script_raises;
mod flask_app_not_found;
mod flask_query_shadowed;
mod import_open_to_removal;
mod include_object_hides_everything;
mod include_schemas_missing;
mod lock_timeout_missing;
mod loggers_disabled;
mod metadata_list_duplicate_table;
mod model_on_other_metadata;
mod models_not_imported;
mod naming_convention_missing;
mod offline_mode_missing;
mod online_mode_missing;
mod run_sync_missing;
mod server_default_comparison_off;
mod shared;
mod sqlite_without_batch_mode;
mod sync_driver_in_async_env;
mod target_metadata_none;
mod target_metadata_not_metadata;
mod type_comparison_off;

use crate::rules::Rule;

/// The rules, by name.
pub const RULES: &[Rule] = &[
    async_driver_in_sync_env::RULE,
    async_engine_in_sync_env::RULE,
    asyncio_run_in_running_loop::RULE,
    coroutine_not_awaited::RULE,
    create_all_beside_migrations::RULE,
    engine_prefix_mismatch::RULE,
    env_never_commits::RULE,
    env_runs_nothing::RULE,
    env_script_raises::RULE,
    flask_app_not_found::RULE,
    flask_query_shadowed::RULE,
    import_open_to_removal::RULE,
    include_object_hides_everything::RULE,
    include_schemas_missing::RULE,
    lock_timeout_missing::RULE,
    loggers_disabled::RULE,
    metadata_list_duplicate_table::RULE,
    model_on_other_metadata::RULE,
    models_not_imported::RULE,
    naming_convention_missing::RULE,
    offline_mode_missing::RULE,
    online_mode_missing::RULE,
    run_sync_missing::RULE,
    server_default_comparison_off::RULE,
    sqlite_without_batch_mode::RULE,
    sync_driver_in_async_env::RULE,
    target_metadata_none::RULE,
    target_metadata_not_metadata::RULE,
    type_comparison_off::RULE,
];
