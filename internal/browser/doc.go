// Package browser lets tests look at pages in a real browser, Chromium. Start
// one with [Start]; without Chromium the test is skipped, or fails where CI=true.
package browser
