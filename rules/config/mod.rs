//! Rules of the family *config*.

mod compose_host_outside_network;
mod compose_port_differs;
mod config_not_found;
mod driver_not_installed;
mod greenlet_not_installed;
mod logging_config_missing;
mod percent_in_ini;
mod percent_in_set_main_option;
mod post_write_hook_unknown;
mod prepend_sys_path_missing;
mod script_location_missing;
mod script_template_broken;
mod script_template_missing;
mod shared;
mod sqlite_cannot_open;
mod url_driver_argument;
mod url_driver_unknown;
mod url_missing;
mod url_password_masked;
mod url_password_unescaped;
mod url_placeholder;
mod url_scheme_postgres;
mod url_unparsable;
mod version_locations_wrong;
mod versions_directory_missing;

use crate::rules::Rule;

/// The rules, by name.
pub const RULES: &[Rule] = &[
    compose_host_outside_network::RULE,
    compose_port_differs::RULE,
    config_not_found::RULE,
    driver_not_installed::RULE,
    greenlet_not_installed::RULE,
    logging_config_missing::RULE,
    percent_in_ini::RULE,
    percent_in_set_main_option::RULE,
    post_write_hook_unknown::RULE,
    prepend_sys_path_missing::RULE,
    script_location_missing::RULE,
    script_template_broken::RULE,
    script_template_missing::RULE,
    sqlite_cannot_open::RULE,
    url_driver_argument::RULE,
    url_driver_unknown::RULE,
    url_missing::RULE,
    url_password_masked::RULE,
    url_password_unescaped::RULE,
    url_placeholder::RULE,
    url_scheme_postgres::RULE,
    url_unparsable::RULE,
    version_locations_wrong::RULE,
    versions_directory_missing::RULE,
];
