// SPDX-License-Identifier: GPL-2.0
/* The smallest dynamic program: what is measured is how it is loaded. */
int main(void)
{
	return 0;
}
