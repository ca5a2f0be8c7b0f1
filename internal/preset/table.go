// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package preset

// All returns all presets, by name. Paths are those of an app at the root of its host
// and, where its packages put it below a path, of that path as well.
func All() []Preset {
	return []Preset{
		{"aspnet", []string{
			// It verifies the assertion, and needs no name that somebody else could write.
			"header user off",
			"header name off",
			"header email off",
			"header groups off",
			// Certificates, where the app is told to believe that IIS has checked them.
			"strip X-ARR-ClientCert MS-ASPNETCORE-CLIENTCERT",
			"logout_on /Account/Logout /Identity/Account/Logout",
		}},
		{"cacti", []string{
			"header name off",
			"header email off",
			"header groups off",
			"logout_on /logout.php /cacti/logout.php",
			"passive /graph_realtime.php /cacti/graph_realtime.php",
		}},
		{"django", []string{
			"logout_on /accounts/logout/ /admin/logout/",
		}},
		{"dokuwiki", []string{
			"logout_on *?do=logout",
			"passive /lib/exe/taskrunner.php /lib/exe/indexer.php /dokuwiki/lib/exe/taskrunner.php /dokuwiki/lib/exe/indexer.php",
		}},
		{"gitea", []string{
			"header user X-WEBAUTH-USER",
			"header name X-WEBAUTH-FULLNAME",
			"header email X-WEBAUTH-EMAIL",
			"header groups off",
			"logout_on /user/logout",
			"passive /notifications/new /user/events",
		}},
		{"grafana", []string{
			"header user X-WEBAUTH-USER",
			"header name X-WEBAUTH-NAME",
			"header email X-WEBAUTH-EMAIL",
			"header groups X-WEBAUTH-GROUPS",
			"header jwt X-JWT-Assertion",
			// A role, where the app is told to read one.
			"strip X-WEBAUTH-ROLE",
			"logout_on /logout",
		}},
		{"icingaweb2", []string{
			"header name off",
			"header email off",
			"header groups off",
			"logout_on /authentication/logout /icingaweb2/authentication/logout",
			"passive /layout/announcements /layout/menu /application-state /application-state/summary " +
				"/icingaweb2/layout/announcements /icingaweb2/layout/menu /icingaweb2/application-state /icingaweb2/application-state/summary",
		}},
		{"jenkins", []string{
			"header user X-Forwarded-User",
			"header name X-Forwarded-DisplayName",
			"header email X-Forwarded-Mail",
			"header groups X-Forwarded-Groups",
			"group_separator |",
			"logout_on /logout /jenkins/logout",
			"passive /ajaxBuildQueue /ajaxExecutors /jenkins/ajaxBuildQueue /jenkins/ajaxExecutors",
		}},
		{"mediawiki", []string{
			"logout_on *?title=Special:UserLogout",
			"logout_on /wiki/Special:UserLogout /index.php/Special:UserLogout",
		}},
		{"nagios", []string{
			// A CGI program reads REMOTE_USER, and has no logout button.
			"header name off",
			"header email off",
			"header groups off",
			"header jwt off",
		}},
		{"phpmyadmin", []string{
			"logout_on *?route=/logout",
		}},
		{"phprunner", []string{
			"phprunner_key {env.PHPRUNNER_KEY}",
			"logout_on *?a=logout",
			"passive /sessioncontrol.php",
		}},
		{"request-tracker", []string{
			"logout_on /NoAuth/Logout.html /rt/NoAuth/Logout.html",
		}},
		{"spring", []string{
			// As aspnet.
			"header user off",
			"header name off",
			"header email off",
			"header groups off",
			"logout_on /logout",
		}},
		{"wordpress", []string{
			"logout_on *?action=logout",
			"passive /wp-admin/admin-ajax.php /wp-cron.php",
		}},
		{"zabbix", []string{
			"logout_on *?reconnect=1",
			"passive /jsrpc.php /zabbix/jsrpc.php",
		}},
	}
}
